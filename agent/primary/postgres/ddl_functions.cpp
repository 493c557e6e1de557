#include "agent/primary/postgres/ddl_functions.hpp"

#include <array>
#include <string>

#include "agent/primary/postgres/ddl_table_functions.hpp"
#include "protocol/digest.hpp"

namespace farshore::primary {

namespace {

// What was run, and where it stood.
constexpr const char* sources = R"sql(
-- The text that a statement is in, and its number there when that is known.
CREATE OR REPLACE FUNCTION farshore.source_of(stack text, OUT body text, OUT number int)
LANGUAGE plpgsql AS $f$
DECLARE
  found text[];
BEGIN
  IF stack = '' THEN
    body := current_query();
  ELSIF starts_with(stack, 'SQL statement "') THEN
    found := regexp_match(stack, '^SQL statement "(.*?)"\n'
      '(?:PL/\w+ function|SQL function|SQL statement|PL/\w+ anonymous)');
    body := coalesce(found[1], substring(stack from '^SQL statement "(.*)"$'));
  ELSIF starts_with(stack, 'SQL function "') THEN
    found := regexp_match(stack, '^SQL function "(.*?)" statement (\d+)');
    number := found[2]::int - 1;
    SELECT CASE WHEN count(*) = 1 THEN min(p.prosrc) END INTO body
      FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang
      WHERE p.proname = found[1] AND l.lanname = 'sql' AND p.prokind IN ('f', 'p');
  END IF;
END $f$;

-- How many statements with this tag have ended in this run of this text before.
CREATE OR REPLACE FUNCTION farshore.count_of(body text, tag text) RETURNS int
LANGUAGE plpgsql AS $f$
DECLARE
  key text := md5(coalesce(body, '')) || ' ' || statement_timestamp();
  counts jsonb;
  n int := 0;
BEGIN
  BEGIN
    counts := nullif(current_setting('farshore.counts', true), '')::jsonb;
    IF counts ->> 'key' = key THEN
      n := coalesce((counts ->> tag)::int, 0);
    ELSE
      counts := NULL;
    END IF;
  EXCEPTION WHEN OTHERS THEN
    counts := NULL;
  END;
  counts := coalesce(counts, jsonb_build_object('key', key)) || jsonb_build_object(tag, n + 1);
  PERFORM set_config('farshore.counts', counts::text, false);
  RETURN n;
END $f$;

-- Whether something is named in the text that may answer differently each time.
CREATE OR REPLACE FUNCTION farshore.is_volatile(body text) RETURNS boolean
LANGUAGE sql STABLE AS $f$
  SELECT body IS NULL OR EXISTS (
    SELECT FROM regexp_matches(lower(body), '[[:alpha:]_][[:alnum:]_$]*', 'g') AS w
    WHERE w[1] IN ('serial', 'bigserial', 'smallserial', 'serial2', 'serial4', 'serial8',
      'identity') OR EXISTS (SELECT FROM pg_catalog.pg_proc p
      WHERE lower(p.proname) = w[1] AND p.provolatile = 'v'))
$f$;

-- GRANT and REVOKE tell no object.
CREATE OR REPLACE FUNCTION farshore.is_about_temporary(body text, tag text, number int)
RETURNS boolean LANGUAGE plpgsql AS $f$
DECLARE
  names text[];
BEGIN
  SELECT array_agg(hit[1]) INTO names FROM regexp_matches(body, '\m' || tag ||
    '\M[^;]*?\mon\s+(?:table\s+|sequence\s+)??([^;]+?)\s+(?:to|from)\s', 'gi') AS hit;
  RETURN EXISTS (
    SELECT FROM unnest(string_to_array(names[1 + number % cardinality(names)], ',')) AS name
    JOIN pg_catalog.pg_class c ON c.oid = to_regclass(btrim(name, E' \n\t'))
    WHERE c.relpersistence = 't');
EXCEPTION WHEN OTHERS THEN
  RETURN false;
END $f$;

-- As the session that runs the DDL has it; so it is not SECURITY DEFINER. Each operator is named:
-- the replica runs a superuser's statements with its own rights.
CREATE OR REPLACE FUNCTION farshore.session() RETURNS jsonb LANGUAGE sql STABLE AS $f$
  SELECT pg_catalog.jsonb_build_object('role', current_user,
    'is_superuser', (SELECT r.rolsuper FROM pg_catalog.pg_roles r
      WHERE r.rolname OPERATOR(pg_catalog.=) current_user),
    'path', (SELECT coalesce(pg_catalog.jsonb_agg(s.name ORDER BY s.place), '[]')
      FROM pg_catalog.unnest(pg_catalog.current_schemas(false)) WITH ORDINALITY AS s (name, place)
      WHERE s.name OPERATOR(pg_catalog.!~) '^pg_(toast_)?temp'),
    'settings', pg_catalog.jsonb_build_object(
      'TimeZone', pg_catalog.current_setting('TimeZone'),
      'DateStyle', pg_catalog.current_setting('DateStyle'),
      'IntervalStyle', pg_catalog.current_setting('IntervalStyle'),
      'standard_conforming_strings', pg_catalog.current_setting('standard_conforming_strings')))
$f$;
)sql";

constexpr const char* takers = R"sql(
-- The stack of whoever ran the statement; NULL when that was us, or when no trigger of ours asks.
CREATE OR REPLACE FUNCTION farshore.caller_of(stack text, asker text) RETURNS text
LANGUAGE sql IMMUTABLE AS $f$
  SELECT CASE WHEN pg_catalog.strpos(found[1], 'function farshore.') = 0 THEN found[1] END
  FROM (SELECT pg_catalog.regexp_match(stack || E'\n', '^PL/pgSQL function farshore\.take_\w+'
    '\([^\n]*\) line \d+ at GET DIAGNOSTICS\nSQL statement "SELECT farshore\.take_\w+'
    '\(tg_tag, farshore\.session\(\)\)"\nPL/pgSQL function farshore\.' || asker ||
    '\(\) line \d+ at PERFORM\n(.*?)\n?$') AS found) AS parsed
$f$;

CREATE OR REPLACE FUNCTION farshore.take_statement(tag text, session jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER AS $f$
DECLARE
  stack text;
  source record;
  command jsonb := session;
  objects jsonb;
  tables oid[];
  tags text[];
  number int;
BEGIN
  GET DIAGNOSTICS stack = PG_CONTEXT;
  stack := farshore.caller_of(stack, 'ddl_end');
  IF stack IS NULL OR tag ~ '(PUBLICATION|SUBSCRIPTION)$'
      OR starts_with(tag, 'DROP ') AND tag <> 'DROP OWNED' THEN
    RETURN;
  END IF;
  SELECT * INTO source FROM farshore.source_of(stack);
  number := coalesce(source.number, farshore.count_of(source.body, tag));
  SELECT jsonb_agg(jsonb_build_object('type', d.object_type, 'name', d.object_identity,
      'owner', farshore.owner_of(d.classid, d.objid))), array_agg(d.command_tag),
    array_agg(DISTINCT d.objid) FILTER (WHERE d.classid = 'pg_class'::regclass AND d.objsubid = 0)
  INTO objects, tags, tables FROM pg_event_trigger_ddl_commands() d
  WHERE NOT d.in_extension AND coalesce(d.schema_name, '') NOT IN ('pg_temp', 'farshore')
  AND coalesce(d.object_identity, '') <> 'farshore';
  IF objects IS NULL OR NOT tag = ANY (tags)
      OR tag IN ('GRANT', 'REVOKE') AND farshore.is_about_temporary(source.body, tag, number) THEN
    RETURN;
  END IF;
  command := command || jsonb_build_object('tag', tag, 'objects', objects);
  IF tag IN ('CREATE TABLE AS', 'SELECT INTO') THEN
    command := command || jsonb_build_object('sql',
      (SELECT jsonb_agg(farshore.definition_of(t)) FROM unnest(tables) t));
  ELSIF source.body IS NULL THEN
    command := command || jsonb_build_object('text', current_query(),
      'failed', 'what it was called by is not known');
  ELSE
    command := command || jsonb_build_object('text', source.body, 'number', number,
      'is_exact', source.number IS NOT NULL);
  END IF;
  IF tag = 'ALTER TABLE' THEN
    command := command || jsonb_build_object('missing', farshore.missing_of(tables));
  END IF;
  PERFORM farshore.send(command);
  IF tag = 'ALTER SCHEMA' THEN
    PERFORM farshore.tell_names_anew();
  END IF;
  PERFORM farshore.follow(tables, tag, source.body);
END $f$;

-- What a statement means for the tables beyond its text: identities, publications, rows.
CREATE OR REPLACE FUNCTION farshore.follow(tables oid[], tag text, body text) RETURNS void
LANGUAGE plpgsql AS $f$
DECLARE
  relation oid;
  rewritten oid[] := '{}';
  is_new boolean;
BEGIN
  BEGIN
    rewritten := coalesce(nullif(current_setting('farshore.rewritten', true), ''), '{}')::oid[];
  EXCEPTION WHEN OTHERS THEN
    rewritten := '{}';
  END;
  PERFORM set_config('farshore.rewritten', '', true);
  -- The setting is anybody's; that this transaction has locked the table is not.
  SELECT coalesce(array_agg(l.relation), '{}') INTO rewritten FROM pg_catalog.pg_locks l
    WHERE l.locktype = 'relation' AND l.pid = pg_backend_pid() AND l.granted
    AND l.mode = 'AccessExclusiveLock' AND l.relation = ANY (rewritten);
  FOR relation IN SELECT c.oid FROM pg_catalog.pg_class c
      WHERE c.oid = ANY (tables || rewritten) AND c.relkind = 'r' AND c.relpersistence = 'p' LOOP
    PERFORM farshore.settle(relation);
    is_new := farshore.publish(relation, tag NOT IN ('CREATE TABLE', 'CREATE SCHEMA'));
    IF NOT is_new AND relation = ANY (rewritten) AND farshore.is_volatile(body)
        AND farshore.is_published(relation) THEN
      PERFORM farshore.send_rows(relation);
    END IF;
  END LOOP;
END $f$;

CREATE OR REPLACE FUNCTION farshore.take_drop(tag text, session jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER AS $f$
DECLARE
  stack text;
  body text;
  statements jsonb;
BEGIN
  GET DIAGNOSTICS stack = PG_CONTEXT;
  stack := farshore.caller_of(stack, 'ddl_drop');
  IF stack IS NULL OR tag !~ '^DROP [A-Z ]+$' OR tag ~ '(OWNED|PUBLICATION|SUBSCRIPTION)$' THEN
    RETURN;
  END IF;
  SELECT s.body INTO body FROM farshore.source_of(stack) s;
  IF body !~* '\mdrop\M' THEN
    RETURN;  -- The script of an extension: CREATE and ALTER EXTENSION run it there again.
  END IF;
  SELECT jsonb_agg(format('%s IF EXISTS %s CASCADE', tag, d.object_identity)) INTO statements
    FROM pg_event_trigger_dropped_objects() d
    WHERE d.original AND NOT d.is_temporary AND coalesce(d.schema_name, '') <> 'farshore'
    AND d.object_identity <> 'farshore';
  IF statements IS NOT NULL THEN
    PERFORM farshore.send(session || jsonb_build_object('tag', tag, 'sql', statements));
  END IF;
END $f$;

-- Only within an event trigger, as all that anybody may call.
CREATE OR REPLACE FUNCTION farshore.take_failure(tag text, reason text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER AS $f$
BEGIN
  PERFORM FROM pg_event_trigger_ddl_commands();
  RAISE LOG 'farshore: % is not carried: %', tag, reason;
  PERFORM farshore.send(jsonb_build_object('tag', tag, 'text', current_query(),
    'failed', reason));
EXCEPTION WHEN OTHERS THEN
  RAISE LOG 'farshore: %', SQLERRM;
END $f$;

-- A published table can't be made unlogged: it leaves the publications before.
CREATE OR REPLACE FUNCTION farshore.take_withdrawal(tables oid[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER AS $f$
DECLARE
  r record;
BEGIN
  PERFORM FROM pg_event_trigger_ddl_commands();
  FOR r IN SELECT s.publication, t FROM unnest(tables) t
      JOIN pg_catalog.pg_publication_rel p ON p.prrelid = t
      JOIN pg_catalog.pg_publication n ON n.oid = p.prpubid
      JOIN farshore.selection s ON s.publication = n.pubname LOOP
    EXECUTE format('ALTER PUBLICATION %I DROP TABLE ONLY %s', r.publication,
      farshore.name_of(r.t));
  END LOOP;
END $f$;
)sql";

// What the event triggers call. What they call may not be there for whoever runs the DDL.
constexpr const char* outermost = R"sql(
CREATE OR REPLACE FUNCTION farshore.ddl_end() RETURNS event_trigger LANGUAGE plpgsql AS $f$
BEGIN
  PERFORM farshore.take_statement(tg_tag, farshore.session());
EXCEPTION WHEN OTHERS THEN
  BEGIN
    PERFORM farshore.take_failure(tg_tag, SQLERRM);
  EXCEPTION WHEN OTHERS THEN
    RAISE LOG 'farshore: %', SQLERRM;
  END;
END $f$;

CREATE OR REPLACE FUNCTION farshore.ddl_drop() RETURNS event_trigger LANGUAGE plpgsql AS $f$
BEGIN
  PERFORM farshore.take_drop(tg_tag, farshore.session());
EXCEPTION WHEN OTHERS THEN
  BEGIN
    PERFORM farshore.take_failure(tg_tag, SQLERRM);
  EXCEPTION WHEN OTHERS THEN
    RAISE LOG 'farshore: %', SQLERRM;
  END;
END $f$;

CREATE OR REPLACE FUNCTION farshore.ddl_rewrite() RETURNS event_trigger LANGUAGE plpgsql AS $f$
BEGIN
  PERFORM pg_catalog.set_config('farshore.rewritten', pg_catalog.array_append(
    coalesce(nullif(pg_catalog.current_setting('farshore.rewritten', true), ''), '{}')
      ::pg_catalog.oid[],
    pg_catalog.pg_event_trigger_table_rewrite_oid())::text, true);
EXCEPTION WHEN OTHERS THEN
  BEGIN
    PERFORM farshore.take_failure(tg_tag, SQLERRM);
  EXCEPTION WHEN OTHERS THEN
    RAISE LOG 'farshore: %', SQLERRM;
  END;
END $f$;

CREATE OR REPLACE FUNCTION farshore.ddl_start() RETURNS event_trigger LANGUAGE plpgsql AS $f$
DECLARE
  tables oid[];
BEGIN
  IF pg_catalog.current_query() OPERATOR(pg_catalog.~*) '\mset\s+unlogged\M' THEN
    SELECT pg_catalog.array_agg(pg_catalog.to_regclass(hit[1])) INTO tables
      FROM pg_catalog.regexp_matches(pg_catalog.current_query(), '\malter\s+table\s+'
        '(?:if\s+exists\s+)?(?:only\s+)?((?:"(?:[^"]|"")+"|[^\s".;]+)'
        '(?:\s*\.\s*(?:"(?:[^"]|"")+"|[^\s".;]+))?)\s[^;]*?\mset\s+unlogged\M', 'gi') AS hit;
    PERFORM farshore.take_withdrawal(tables);
  END IF;
EXCEPTION WHEN OTHERS THEN
  RAISE LOG 'farshore: %', SQLERRM;
END $f$;
)sql";

constexpr std::array functions{sources, takers, outermost};

// Of the functions that are SECURITY DEFINER.
constexpr const char* settings =
    "SET search_path = pg_catalog, pg_temp SET lock_timeout = '100ms' SET datestyle = 'ISO, YMD'"
    " SET intervalstyle = postgres SET timezone = 'UTC' SET bytea_output = hex"
    " SET extra_float_digits = 3 SET lc_monetary = 'C' SET lc_numeric = 'C'"
    " SET xmlbinary = base64 SET row_security = off";

// Where the role may.
constexpr const char* superuser_settings = " SET lc_messages = 'C'";

// Of all that would be made: nothing is written when it is there already.
std::string version_of(bool is_superuser) {
    std::string all(is_superuser ? "superuser" : "");
    for (const char* sql : ddl_table_functions) {
        all += sql;
    }
    for (const char* sql : functions) {
        all += sql;
    }
    return "farshore " + sha256(all + settings + superuser_settings).hex().substr(0, 16);
}

bool is_superuser(postgres::Connection& connection) {
    return connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        .boolean(0, 0);
}

}  // namespace

void make_ddl_functions(postgres::Connection& connection) {
    const bool super = is_superuser(connection);
    const std::string version = version_of(super);
    const postgres::Answer known = connection.execute(
        "SELECT obj_description(to_regclass('farshore.selection'), 'pg_class'),"
        " has_schema_privilege('public', 'farshore', 'USAGE') AND has_function_privilege('public',"
        "  to_regprocedure('farshore.take_statement(text, jsonb)'), 'EXECUTE')");
    if (known.text(0, 0) == version && known.boolean(0, 1)) {
        return;
    }
    for (const char* sql : ddl_table_functions) {
        connection.execute(sql);
    }
    for (const char* sql : functions) {
        connection.execute(sql);
    }
    const postgres::Answer definers = connection.execute(
        "SELECT oid::regprocedure::text FROM pg_proc"
        " WHERE pronamespace = 'farshore'::regnamespace AND prosecdef AND proname LIKE 'take\\_%'");
    for (int row = 0; row < definers.rows(); ++row) {
        connection.execute("ALTER FUNCTION " + std::string(definers.text(row, 0)) + " " + settings +
                           (super ? superuser_settings : ""));
    }
    // Default privileges may have taken it away.
    connection.execute("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA farshore TO PUBLIC");
    connection.execute("COMMENT ON TABLE farshore.selection IS " +
                       connection.quote_literal(version));
}

const char* const ddl_triggers =
    "CREATE EVENT TRIGGER farshore_ddl_start ON ddl_command_start WHEN TAG IN ('ALTER TABLE')"
    " EXECUTE FUNCTION farshore.ddl_start();"
    "CREATE EVENT TRIGGER farshore_ddl_rewrite ON table_rewrite"
    " EXECUTE FUNCTION farshore.ddl_rewrite();"
    "CREATE EVENT TRIGGER farshore_ddl_drop ON sql_drop EXECUTE FUNCTION farshore.ddl_drop();"
    "CREATE EVENT TRIGGER farshore_ddl_end ON ddl_command_end EXECUTE FUNCTION farshore.ddl_end();"
    "ALTER EVENT TRIGGER farshore_ddl_start ENABLE ALWAYS;"
    "ALTER EVENT TRIGGER farshore_ddl_rewrite ENABLE ALWAYS;"
    "ALTER EVENT TRIGGER farshore_ddl_drop ENABLE ALWAYS;"
    "ALTER EVENT TRIGGER farshore_ddl_end ENABLE ALWAYS";

}  // namespace farshore::primary
