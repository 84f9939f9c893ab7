-- first
create table a (
  b int -- ;
);

/* ;
*/ select 1;
-- last
