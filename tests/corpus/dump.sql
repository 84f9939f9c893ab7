--
-- PostgreSQL database dump
--

SET statement_timeout = 0;
SET client_encoding = 'UTF8';
SELECT pg_catalog.set_config('search_path', '', false);

CREATE TABLE public.a (
    id integer NOT NULL,
    b text DEFAULT 'x;y'::text
);


ALTER TABLE public.a OWNER TO postgres;

--
-- PostgreSQL database dump complete
--
