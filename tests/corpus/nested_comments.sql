/* a ; /* b ; */ c ; */ select 1; -- d ; 'e
select 2 /* ' */; /* end */