-- Runs what stands in `supadeck.run`, a statement of a file or what its commit would check, and measures.
-- What was said so far lies on the stack meanwhile, where no statement reaches it. Functions are called by their full
-- names and operators are not used, because the file's search_path holds here.
declare
  said pg_catalog.text := pg_catalog.current_setting('supadeck.said', true);
  seen pg_catalog.text := pg_catalog.current_setting('supadeck.seen', true);
  ask pg_catalog.text := pg_catalog.current_setting('supadeck.ask', true);
  look pg_catalog.text := pg_catalog.current_setting('supadeck.look', true);
  act pg_catalog.text := pg_catalog.current_setting('supadeck.act', true);
  last pg_catalog.text := pg_catalog.current_setting('supadeck.last', true);
  rights pg_catalog.text := pg_catalog.current_setting('supadeck.rights', true);
  run pg_catalog.text := pg_catalog.current_setting('supadeck.run');
  begun pg_catalog.timestamptz := pg_catalog.clock_timestamp();
  done pg_catalog.timestamptz;
  took pg_catalog.int8;
  touched pg_catalog.int8;
  answer pg_catalog.text;
  renewed pg_catalog.oid[];
  one pg_catalog.oid;
  counting pg_catalog.text;
  counted pg_catalog.text;
  recounts pg_catalog.text;
  is_measuring pg_catalog.bool := false;
  err_code pg_catalog.text;
  err_text pg_catalog.text;
  err_detail pg_catalog.text;
  err_hint pg_catalog.text;
  err_context pg_catalog.text;
begin
  if pg_catalog.starts_with(said, 'r') is not true then
    return;
  end if;
  perform pg_catalog.set_config('supadeck.said', '', true), pg_catalog.set_config('supadeck.seen', '', true),
    pg_catalog.set_config('supadeck.ask', '', true), pg_catalog.set_config('supadeck.look', '', true),
    pg_catalog.set_config('supadeck.act', '', true), pg_catalog.set_config('supadeck.last', '', true),
    pg_catalog.set_config('supadeck.rights', '', true);
  begin
    if pg_catalog.timestamptz_gt(begun, pg_catalog.timestamptz_pl_interval(pg_catalog.now(), '$LONGEST$ ms')) then
      raise exception 'supadeck: out of time' using errcode = '$LATE$';
    end if;
    execute run;
    get diagnostics touched = row_count;
    done := pg_catalog.clock_timestamp();
  exception when query_canceled or assert_failure or others then
    get stacked diagnostics err_code = returned_sqlstate, err_text = message_text, err_detail = pg_exception_detail,
      err_hint = pg_exception_hint, err_context = pg_exception_context;
  end;
  if err_code is null then
    begin
      is_measuring := true;
      $ASIDE$
      execute ask into answer, last, renewed using last;
      if renewed is not null then
        foreach one in array renewed loop
          counted := null;
          $COUNT$
          recounts := pg_catalog.concat(recounts, ',', coalesce(counted, pg_catalog.json_build_array(one::pg_catalog.int8, '42P01')::pg_catalog.text));
        end loop;
      end if;
      took := (extract(epoch from done - begun) * 1000000)::pg_catalog.int8;
      raise sqlstate '$BACK$';
    exception when sqlstate '$BACK$' then null;
      when query_canceled or assert_failure or others then
        get stacked diagnostics err_code = returned_sqlstate, err_text = message_text, err_detail = pg_exception_detail,
          err_hint = pg_exception_hint, err_context = pg_exception_context;
    end;
  end if;
  if err_code is null then
    said := pg_catalog.concat(said, ',', pg_catalog.json_build_object('ran', pg_catalog.json_build_object(
      'took_us', took, 'rows', touched, 'touched', answer::pg_catalog.json,
      'recounts', pg_catalog.concat('[', pg_catalog.substr(recounts, 2), ']')::pg_catalog.json)));
  else
    said := pg_catalog.concat('x', pg_catalog.substr(said, 2), ',', pg_catalog.json_build_object('failed',
      pg_catalog.json_build_object('took_us', (extract(epoch from pg_catalog.timestamptz_mi(pg_catalog.clock_timestamp(), begun))
      operator(pg_catalog.*) 1000000)::pg_catalog.int8, 'is_measuring', is_measuring, 'code', err_code, 'message', err_text,
      'detail', err_detail, 'hint', err_hint, 'context', err_context)));
  end if;
  $CAPS$;
  perform pg_catalog.set_config('supadeck.said', said, true), pg_catalog.set_config('supadeck.seen', seen, true),
    pg_catalog.set_config('supadeck.ask', ask, true), pg_catalog.set_config('supadeck.look', look, true),
    pg_catalog.set_config('supadeck.act', act, true), pg_catalog.set_config('supadeck.last', last, true),
    pg_catalog.set_config('supadeck.rights', rights, true);
end
