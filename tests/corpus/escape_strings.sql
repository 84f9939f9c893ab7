select E'it\'s ; one'; select e'\\'; select 'C:\'; select 2;
select E'a'';b', U&'d\0061t;', N';', b'0', x'1F', 'it''s;';