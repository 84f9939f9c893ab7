select 1 -- minus
- -1; select 2 / 3 */* ; */ 4; select a->>'b;', c #>> '{d;}', e @> f, g - -h, i*-j; select 5-- ;
;