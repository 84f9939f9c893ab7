-- The demo accounts. They share a password that anyone can read here: for demos and tests only, never for production.
-- Every seed can run again: what is there stays as it is, and then nothing reaches the audit log either.

\set demo_password weeksmith-demo

insert into auth.users (
  instance_id, id, aud, role, email, encrypted_password, email_confirmed_at,
  confirmation_token, recovery_token, email_change_token_new, email_change,
  raw_app_meta_data, raw_user_meta_data, created_at, updated_at
)
select
  '00000000-0000-0000-0000-000000000000', account.id::uuid, 'authenticated', account.role, account.email,
  extensions.crypt(:'demo_password', extensions.gen_salt('bf')), now(),
  '', '', '', '',
  '{"provider": "email", "providers": ["email"]}', jsonb_build_object('name', account.name), now(), now()
from (values
  ('a11ce000-0000-4000-8000-000000000001', 'authenticated', 'alice@example.com', 'Alice Marlow'),
  ('b0b00000-0000-4000-8000-000000000002', 'authenticated', 'bob@example.com', 'Bob Okafor'),
  ('ca401000-0000-4000-8000-000000000003', 'authenticated', 'carol@example.com', 'Carol Núñez'),
  -- The role of the account becomes the role of its token, and so the role in the database.
  ('a0d17000-0000-4000-8000-000000000004', 'auditor', 'auditor@example.com', 'Ada Lindqvist')
) account (id, role, email, name)
where not exists (select from auth.users u where u.id = account.id::uuid or u.email = account.email);

-- Supabase keeps the ways to sign in apart; a smaller stack may not.
do $$
begin
  if to_regclass('auth.identities') is not null then
    insert into auth.identities (
      user_id, provider_id, provider, identity_data, last_sign_in_at, created_at, updated_at
    )
    select u.id, u.id::text, 'email',
      jsonb_build_object('sub', u.id, 'email', u.email, 'email_verified', true), now(), now(), now()
    from auth.users u
    where u.email in ('alice@example.com', 'bob@example.com', 'carol@example.com', 'auditor@example.com')
    on conflict do nothing;
  end if;
end
$$;
