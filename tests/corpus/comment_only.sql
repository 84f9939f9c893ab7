-- nothing here ; at all

/* and
 nothing here */
