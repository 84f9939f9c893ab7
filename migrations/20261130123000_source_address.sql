-- audit_log.source_ip is what the last proxy vouches for, no longer what the client says.
--
-- A proxy adds the address that it was reached from at the end of x-forwarded-for; what stands before it came with the
-- request. The setting app.trusted_proxies names proxies with public addresses, for example (as a superuser)
--   alter role authenticator set app.trusted_proxies = '203.0.113.0/24, 2001:db8:1::/48';
-- docs/schema/overview.md says how else it is set, and what can be forged.

-- An address, or with_mask a network; null for anything else. A port may follow an address.
-- No pattern has a backslash: the setting standard_conforming_strings of a session can change its meaning.
create function private.parse_address(entry text, with_mask boolean) returns inet
language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
declare
  text_form text := btrim(left(entry, 100), E' \t');
  address inet;
begin
  if with_mask then
    text_form := substring(text_form from '^[0-9a-fA-F:.]+(?:/[0-9]+)?$');
  else
    text_form := coalesce(
      substring(text_form from '^[[]([0-9a-fA-F:.]+)[]](?::[0-9]+)?$'),
      substring(text_form from '^([0-9]+[.][0-9]+[.][0-9]+[.][0-9]+)(?::[0-9]+)?$'),
      substring(text_form from '^[0-9a-fA-F:.]+$'));
  end if;
  address := text_form::inet;
  -- An IPv4 address in the form of IPv6 is that IPv4 address.
  if family(address) = 6 and masklen(address) = 128 then
    return coalesce(substring(host(address) from '^::ffff:([0-9.]+)$')::inet, address);
  end if;
  return address;
exception when others then
  return null;
end
$$;

-- Whether an address is that of a proxy: a private one, or one that the setting names. What the setting says wrong is ignored.
create function private.is_proxy(address inet) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
  select is_proxy.address <<= any (array[
      '0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16',
      '::/128', '::1/128', 'fc00::/7', 'fe80::/10'
    ]::inet[])
    or exists (
      select from unnest(string_to_array(current_setting('app.trusted_proxies', true), ',')) entry
      where is_proxy.address <<= private.parse_address(entry, true)
    )
$$;

-- The address that a request came from, as far as a proxy vouches for it; null when none does.
-- cf-connecting-ip is set by Cloudflare, which stands before every hosted project; where it does not, the setting holds the
-- word no-cloudflare. Then the hops from the last to the first: proxies are passed over, and what is no address ends it, for
-- whatever stands before came with the request.
create function private.source_address(headers jsonb) returns inet
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  hops text[] := string_to_array(headers ->> 'x-forwarded-for', ',');
  address inet;
begin
  if not coalesce(current_setting('app.trusted_proxies', true) ~* '(^|[, ])no-cloudflare($|[, ])', false) then
    address := private.parse_address(headers ->> 'cf-connecting-ip', false);
    if not private.is_proxy(address) then
      return address;
    end if;
  end if;
  -- Twenty are plenty; a header full of private addresses must not cost time.
  for place in reverse coalesce(cardinality(hops), 0) .. greatest(coalesce(cardinality(hops), 0) - 19, 1) loop
    continue when btrim(hops[place], E' \t') = '';
    address := private.parse_address(hops[place], false);
    if address is null or not private.is_proxy(address) then
      return address;
    end if;
  end loop;
  return null;
end
$$;

-- What PostgREST tells about a request. Anything malformed counts as absent: a header never fails a write.
-- Only the headers named here are read; the rest hold the caller's token.
create or replace function private.request_context(
  out actor_user_id uuid, out actor_type public.actor_type, out rationale text,
  out correlation_id uuid, out source_ip inet, out user_agent text
)
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  headers jsonb;
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
  source_ip := private.source_address(headers);
end
$$;

revoke all on function private.parse_address(text, boolean), private.is_proxy(inet), private.source_address(jsonb)
  from public, anon, authenticated, service_role;
