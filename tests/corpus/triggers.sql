create function touch() returns trigger language plpgsql set search_path = '' as '
begin
  new.at = now(); -- '';''
  return new;
end;
';
create trigger touch before update on t for each row execute function touch();