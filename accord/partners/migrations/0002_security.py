from django.db import migrations

from accord.database.security import ME, MINE, agency_owned, statements

#: Like the directory: whoever is of the community reads what agencies agreed, and each writes its own rows.
COMMUNITY = f"{ME} is not null"

PROPOSED = """
create function partners_agreement_fixed() returns trigger language plpgsql as $$
begin
  raise exception 'the text of an agreement is fixed once it is proposed';
end $$
"""

PARTY = """
create function partners_agreementparty_own_part() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    perform from partners_agreement where id = new.agreement and new.agency_id = any(parties);
    if not found then raise exception 'only a party signs an agreement'; end if;
  elsif old.left_at is not null
     or (new.id, new.agency_id, new.agreement, new.digest) is distinct from
        (old.id, old.agency_id, old.agreement, old.digest)
     or (old.signed_at is not null and (new.signed_at, new.signed_by) is distinct from (old.signed_at, old.signed_by))
  then raise exception 'a signature is never edited, and who has left has left';
  end if;
  return new;
end $$
"""


class Migration(migrations.Migration):
    dependencies = [("partners", "0001_initial"), ("database", "0001_context")]
    operations = [
        # The directory is open to every member of the community; only the agency itself writes its row.
        *statements(
            "alter table partners_agency enable row level security",
            "alter table partners_agency force row level security",
            "create policy partners_agency_select on partners_agency for select using (true)",
            f"create policy partners_agency_insert on partners_agency for insert with check (id = {ME})",
            f"create policy partners_agency_update on partners_agency for update using (id = {ME})"
            f" with check (id = {ME})",
        ),
        *agency_owned("partners_vaultlock", policies={"delete": "never"}),
        # Somebody who has just signed in finds where she works before she has an agency.
        *agency_owned(
            "partners_member",
            policies={
                "select": f"{MINE} or ({ME} is null and account_id = (select accord_account()))",
                "delete": "never",
            },
        ),
        *agency_owned("partners_vaultgrant", references={"member_id": "partners_member"}),
        *agency_owned("partners_agreement", policies={"select": COMMUNITY, "update": "never", "delete": "never"}),
        *agency_owned("partners_agreementparty", policies={"select": COMMUNITY, "delete": "never"}),
        *statements(
            "alter table partners_agreement add constraint agreement_proposed_by_a_party"
            " check (agency_id = any(parties))",
            PROPOSED,
            "create trigger partners_agreement_fixed before update or delete on partners_agreement"
            " for each row execute function partners_agreement_fixed()",
            PARTY,
            "create trigger partners_agreementparty_own_part after insert or update on partners_agreementparty"
            " for each row execute function partners_agreementparty_own_part()",
        ),
    ]
