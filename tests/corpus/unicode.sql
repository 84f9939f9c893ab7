create table größe (größe text default '漢字;', "żółć;" int); -- 👩‍💻 ; end
insert into größe values ('🙂;🙂'); 
select 'x'; 