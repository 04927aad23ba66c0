#!/bin/sh
# Runs once, on an empty volume, as the server's superuser: makes a database for the site and a role that owns it and no
# more. Afterwards the superuser has no password: only who is in this container becomes one (psql -U postgres).
set -eu

psql --no-psqlrc --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<'SQL'
\getenv password CITY_PASSWORD
CREATE ROLE city LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB PASSWORD :'password';
CREATE DATABASE city OWNER city TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8';
\connect city
CREATE EXTENSION postgis;
CREATE EXTENSION pg_trgm;
CREATE EXTENSION btree_gist;
ALTER ROLE CURRENT_USER PASSWORD NULL;
SQL
