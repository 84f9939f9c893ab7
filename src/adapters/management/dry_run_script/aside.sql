-- How a question of ours begins: under no setting and no role of the file. What stands around it undoes this again.
reset all; reset session authorization; reset role;
perform pg_catalog.set_config('search_path', '', true), pg_catalog.set_config('row_security', 'off', true),
  pg_catalog.set_config('jit', 'off', true), pg_catalog.set_config('lock_timeout', '$LIMIT$', true);
