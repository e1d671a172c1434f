from django.db import migrations

from accord.database.security import statements

CONTEXT = """
create function accord_context() returns text[]
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  token text := current_setting('accord.context', true);
  parts text[];
  body text;
begin
  if token is null or token = '' then return null; end if;
  parts := string_to_array(token, '.');
  if array_length(parts, 1) is distinct from 6 then return null; end if;
  body := left(token, length(token) - length(parts[6]) - 1);
  perform from accord_private.secret
    where encode(sha256(outer_pad || sha256(inner_pad || convert_to(body, 'UTF8'))), 'hex') = parts[6];
  if not found then return null; end if;
  if parts[5]::bigint < extract(epoch from statement_timestamp()) then return null; end if;
  return parts;
end $$
"""


class Migration(migrations.Migration):
    initial = True
    dependencies: list[tuple[str, str]] = []
    operations = statements(
        "create schema accord_private",
        "revoke all on schema accord_private from public",
        "create table accord_private.secret"
        " (inner_pad bytea primary key, outer_pad bytea not null, made_at timestamptz not null default now())",
        CONTEXT,
        "create function accord_agency() returns uuid language sql stable"
        " return nullif((accord_context())[2], '-')::uuid",
        "create function accord_account() returns uuid language sql stable"
        " return nullif((accord_context())[3], '-')::uuid",
        "create function accord_lens() returns text language sql stable return (accord_context())[4]",
    )
