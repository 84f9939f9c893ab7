select 1;
;
  garbage without an end