-- Records the first address of x-forwarded-for again, which is what the client says.
-- Records that are there keep the address that they have.

create or replace function private.request_context(
  out actor_user_id uuid, out actor_type public.actor_type, out rationale text,
  out correlation_id uuid, out source_ip inet, out user_agent text
)
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  headers jsonb;
  address text;
begin
  begin
    headers := nullif(current_setting('request.headers', true), '')::jsonb;
  exception when others then
    headers := null;
  end;
  begin
    actor_user_id := auth.uid();
  exception when others then
    actor_user_id := null;
  end;
  actor_type := case
    when lower(btrim(headers ->> 'x-actor-type')) = 'ai' then 'ai'
    when actor_user_id is not null then 'user'
    else 'system'
  end;
  rationale := nullif(btrim(left(headers ->> 'x-rationale', 1000)), '');
  user_agent := nullif(btrim(left(headers ->> 'user-agent', 400)), '');
  begin
    correlation_id := btrim(headers ->> 'x-correlation-id')::uuid;
  exception when others then
    correlation_id := null;
  end;
  -- The first hop that is an address; a port may follow it, a network mask may not.
  foreach address in array array[split_part(headers ->> 'x-forwarded-for', ',', 1), headers ->> 'x-real-ip'] loop
    exit when source_ip is not null;
    address := btrim(address);
    address := coalesce(
      substring(address from '^\[([0-9a-fA-F:.]+)\](?::\d+)?$'),
      substring(address from '^(\d+\.\d+\.\d+\.\d+)(?::\d+)?$'),
      substring(address from '^[0-9a-fA-F:.]+$')
    );
    begin
      source_ip := address::inet;
    exception when others then
      source_ip := null;
    end;
  end loop;
end
$$;

drop function private.source_address(jsonb);
drop function private.is_proxy(inet);
drop function private.parse_address(text, boolean);
