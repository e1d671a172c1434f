"""Who gave a referral that came to whom, and when; and how each is found."""

from django.db import migrations, models

from accord.database.security import statements

#: Answered once; met and ended once each, in that order. Who looks after it may change at any time.
ANSWERS = """
create or replace function referrals_answer_once() returns trigger language plpgsql as $$
declare
  later text[] := array['member', 'given_at', 'given_by', 'contacted_at', 'entry', 'state', 'met_at', 'outcome',
    'ended_at'];
begin
  if (old.id, old.agency_id, old.holder_id, old.incoming, old.thread, old.service, old.urgency)
       is distinct from (new.id, new.agency_id, new.holder_id, new.incoming, new.thread, new.service, new.urgency)
     or (old.state <> 'waiting' and to_jsonb(old) - later <> to_jsonb(new) - later)
     or (old.state in ('declined', 'redirected', 'ended') and new.state <> old.state)
     or (old.state = 'waiting' and new.state in ('met', 'ended'))
     or (old.state = 'accepted' and new.state in ('waiting', 'declined', 'redirected'))
     or (old.state = 'met' and new.state not in ('met', 'ended'))
     or (old.contacted_at is not null and new.contacted_at is distinct from old.contacted_at)
     or (old.met_at is not null and new.met_at is distinct from old.met_at) then
    raise exception 'a referral is answered once';
  end if;
  return new;
end $$
"""


class Migration(migrations.Migration):
    dependencies = [("referrals", "0002_security")]
    operations = [
        migrations.AlterField(
            model_name="answer",
            name="member",
            field=models.UUIDField(db_comment="link: who looks after it", null=True),
        ),
        migrations.AddField(
            model_name="answer",
            name="given_at",
            field=models.DateTimeField(db_comment="moment: when she got it from somebody", null=True),
        ),
        migrations.AddField(
            model_name="answer",
            name="given_by",
            field=models.UUIDField(db_comment="link: member who gave it to her", null=True),
        ),
        migrations.AddIndex(
            model_name="answer",
            index=models.Index(
                condition=models.Q(("state__in", ["waiting", "accepted", "met"])),
                fields=["agency", "member"],
                name="answer_of_member",
            ),
        ),
        migrations.AddIndex(
            model_name="answer",
            index=models.Index(
                condition=models.Q(("given_at__isnull", False)), fields=["agency", "given_at"], name="answer_given"
            ),
        ),
        migrations.AddConstraint(
            model_name="answer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("given_at__isnull", True), ("given_by__isnull", True)),
                    models.Q(("given_at__isnull", False), ("given_by__isnull", False), ("member__isnull", False)),
                    _connector="OR",
                ),
                name="answer_given_by_whom_and_when",
            ),
        ),
        *statements(ANSWERS),
    ]
