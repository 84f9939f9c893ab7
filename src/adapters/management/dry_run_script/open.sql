-- The first block: leaves the witness, and looks at the catalog and the tables as they are before anything runs.
declare
  act pg_catalog.text := $ACT$;
  look pg_catalog.text := $LOOK$;
  ask pg_catalog.text := $MEASURE$;
  answer pg_catalog.text;
  seen pg_catalog.text;
  baseline pg_catalog.text;
  ids pg_catalog.text;
  files pg_catalog.text;
  rights pg_catalog.text;
begin
  begin
    perform pg_catalog.lo_create($WITNESS$);
  exception when others then null;
  end;
  begin
    $ASIDE$
    execute look into answer, seen using '[]';
    execute $BASELINE$ into baseline, ids, files;
    execute $RIGHTS$ into rights;
    raise sqlstate '$BACK$';
  exception when sqlstate '$BACK$' then null;
  end;
  ask := case when ids is null then 'select ''[]'', ''[]'', null::pg_catalog.oid[]'
    else pg_catalog.replace(pg_catalog.replace(ask, '$KNOWN$', ids), '$FILES$', coalesce(files, '{}')) end;
  perform pg_catalog.set_config('supadeck.said', pg_catalog.concat('r,', pg_catalog.json_build_object('open',
    pg_catalog.json_build_object('number', pg_catalog.txid_current()::pg_catalog.text, 'baseline', baseline::pg_catalog.json,
    'snapshot', answer::pg_catalog.json, 'rights', rights::pg_catalog.json))), true);
  perform pg_catalog.set_config('supadeck.rights', rights, true), pg_catalog.set_config('supadeck.seen', seen, true), pg_catalog.set_config('supadeck.ask', ask, true),
    pg_catalog.set_config('supadeck.look', look, true), pg_catalog.set_config('supadeck.act', act, true),
    pg_catalog.set_config('supadeck.last', '[]', true),
    pg_catalog.set_config('statement_timeout', pg_catalog.current_setting('supadeck.limit', true), true);
end
