-- What applications do: keys that come and go, partitions, temporary and unlogged tables, other
-- roles and search paths, functions, cursors in use, COPY FREEZE, extensions. Some of it fails by
-- itself; with farshore it has the same outcome as without (ddl_capture_test.cpp).
\set VERBOSITY terse
create role bob; create role "Al ice"; grant create on schema public to bob;
create table k(a int primary key, b text); insert into k select i, i from generate_series(1,5) i;
create table nk(a int, b text); insert into nk values(1,'x'); update nk set b='y'; delete from nk;
alter table k drop constraint k_pkey; update k set b='z'; delete from k where a=1;
alter table k add primary key(a); update k set b='w';
alter table k replica identity nothing; update k set b='q'; delete from k where a=2;
create unique index kb on k(a); alter table k replica identity using index kb; drop index kb; update k set b='e';
begin; create table tx(a int); insert into tx values(1); update tx set a=2; delete from tx; savepoint s; alter table tx add b int; update tx set b=1; rollback to s; insert into tx values(5); update tx set a=6; drop table tx; create table tx(c text); insert into tx values('1'); update tx set c='2'; commit;
create table pt(a int, b int) partition by range(a); create table pt1 partition of pt for values from (0) to (10); insert into pt values(1,1); update pt set b=2; delete from pt;
create table pt2(a int, b int); insert into pt2 values(11,1); alter table pt attach partition pt2 for values from (10) to (20); update pt set b=3; update pt set a=a+0; delete from pt where a=11;
alter table pt detach partition pt2; update pt2 set a=3;
create temp table t(a int) on commit drop; 
create temp table t2(a int); insert into t2 values(1); update t2 set a=2; alter table t2 add b int; create index on t2(a); truncate t2; drop table t2;
begin read only; create temp table ro(a int); insert into ro values(1); rollback;
create unlogged table u(a int); insert into u values(1); update u set a=2; alter table u set logged; update u set a=3; alter table u set unlogged; update u set a=4; drop table u;
create table ul2(a int primary key); alter table if exists only public.ul2 set unlogged; update ul2 set a=1; alter table "ul2" set logged;
create table par(a int); create table chi(b int) inherits(par); insert into chi values(1,2); update par set a=5; delete from par; alter table par add c int default 3; drop table par cascade;
create table fk(a int primary key references k on delete cascade on update cascade); insert into fk select a from k; update k set a=a+100; delete from k where a=103; truncate k cascade;
create table ctas as select 1 as x; update ctas set x=2; select * into si from ctas; delete from si; create table em();
insert into em default values; update em set ctid=ctid; delete from em; 
alter table ctas add column y serial; update ctas set x=y; alter table ctas alter x type text using x||'!'; update ctas set x='1';
create type comp as (a int, b text); create table ofc of comp; insert into ofc values(1,'a'); update ofc set b='c'; alter type comp add attribute c int cascade; update ofc set c=1; drop type comp cascade;
create domain d as int check(value>0); create table dt(a d); insert into dt values(1); update dt set a=2; drop domain d cascade; update dt set ctid=ctid;
create table json_t(j json, x xml, p point); insert into json_t values('{}','<a/>','(1,1)'); update json_t set j='[]'; delete from json_t;
set role bob; create table bt(a int); insert into bt values(1); update bt set a=2; alter table bt add b int; delete from bt; create view bv as select * from bt; drop table bt cascade; reset role;
create function mk() returns void language plpgsql security definer set search_path=public as $$begin create table mkt(a int); insert into mkt values(1); update mkt set a=2; end$$; grant execute on function mk() to bob; set role bob; select mk(); reset role; update mkt set a=3;
do $$ begin execute 'create table dd(a int)'; insert into dd values(1); update dd set a=2; raise exception 'x'; exception when others then create table dd2(a int); insert into dd2 values(1); delete from dd2; end $$;
create materialized view mv as select 1 as a; refresh materialized view mv; drop materialized view mv;
create table vf(a int); insert into vf select generate_series(1,10); vacuum full vf; cluster vf using vf_x; update vf set a=1; reindex table vf; analyze vf; vacuum vf;
copy nk from stdin;
1	x
\.
begin; create table cf(a int); copy cf from stdin with (freeze);
1
\.
update cf set a=2; commit;
begin; create table trun(a int); truncate trun; copy trun from stdin with (freeze);
1
\.
commit;
create schema s2 create table s2t(a int) create index on s2t(a) create view s2v as select * from s2t; insert into s2.s2t values(1); update s2.s2t set a=2; drop schema s2 cascade;
create extension hstore; create extension pg_trgm; create table h(h hstore); insert into h values('a=>1'); update h set h='b=>1'; drop extension hstore cascade; update h set ctid=ctid; 
create extension tablefunc; alter extension tablefunc update; drop extension tablefunc, pg_trgm;
prepare p as insert into nk values($1); execute p(3); deallocate all; update nk set a=9;
declare cc cursor with hold for select * from nk; close cc;
begin; declare c2 cursor for select * from nk for update; fetch c2; update nk set a=10 where current of c2; delete from nk where current of c2; alter table nk add z int; commit;
begin; declare c3 cursor for select * from nk; fetch c3; create table inuse(a int); alter table inuse add b int; commit;
create table def(a int unique deferrable initially deferred, b int); insert into def values(1,1); update def set b=2; begin; insert into def values(1,1); delete from def where b=2; alter table def add c int; commit;
create trigger tg after insert on nk for each row execute function suppress_redundant_updates_trigger(); drop trigger tg on nk;
alter table nk rename to nk2; alter table nk2 set schema pg_catalog; create schema s3; alter table nk2 set schema s3; update s3.nk2 set a=1; alter table s3.nk2 owner to bob; update s3.nk2 set a=2;
set role bob; create schema mine; reset role; reassign owned by bob to postgres; drop owned by bob; 
grant select on all tables in schema public to bob; revoke all on all tables in schema public from bob; alter default privileges grant select on tables to bob; alter default privileges revoke select on tables from bob;
create table big(a text); insert into big values(repeat('x',100000)); alter table big alter a set storage external; update big set a=a||'y'; delete from big;
create event trigger et on ddl_command_end execute function farshore_none(); 
create rule r as on update to vf do instead nothing; update vf set a=1; drop rule r on vf;
create table gen(a int, g int generated always as (a*2) stored, i int generated always as identity); insert into gen(a) values(1); update gen set a=2; alter table gen drop column g; update gen set a=3; alter table gen drop column a; update gen set i=default;
create table part_nk(a int) partition by hash(a); create table part_nk0 partition of part_nk for values with (modulus 1, remainder 0); insert into part_nk values(1); update part_nk set a=2; alter table part_nk add primary key(a); update part_nk set a=3; alter table part_nk drop constraint part_nk_pkey; update part_nk set a=4; merge into part_nk using (select 4 as x) s on a=x when matched then update set a=5;
insert into ul2 values(1) on conflict (a) do update set a=2; 
create sequence sq; alter sequence sq owned by ul2.a; drop table ul2; security label on table nk is 'x'; 
import foreign schema x from server y into z; create foreign data wrapper fw; create server sv foreign data wrapper fw; create foreign table ft(a int) server sv; drop foreign data wrapper fw cascade;
set session_replication_role=replica; create table srr(a int); insert into srr values(1); update srr set a=2; reset session_replication_role; update srr set a=3;
discard all; create table after_discard(a int); insert into after_discard values(1); update after_discard set a=2;
set statement_timeout='5s'; set lc_messages='C'; create table toq(a int); drop table toq; reset statement_timeout;
set search_path=''; create table public.emptypath(a int); update public.emptypath set a=1; insert into public.emptypath values(1); delete from public.emptypath; reset search_path;
create table "We""ird.T"(a int); insert into "We""ird.T" values(1); update "We""ird.T" set a=2; alter table "We""ird.T" set unlogged; drop table "We""ird.T";
alter table k set unlogged, alter b set default 'x'; alter table fk set unlogged; 
create or replace function farshore_x() returns int language sql as 'select 1; create table inf(a int); select 1'; select farshore_x(); update inf set a=1;
drop table k cascade; drop function mk(); drop role "Al ice"; drop owned by bob; drop role bob;
