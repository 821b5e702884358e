# The image of the bot and of the workers: the same files, another command.
FROM node:24-slim AS build
WORKDIR /app
# The database is another container's: nothing to download here.
ENV MONGOMS_DISABLE_POSTINSTALL=1
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY bot bot
COPY workers workers
COPY domain domain
COPY config config
COPY demo demo
RUN npm run build && npm prune --omit=dev

FROM node:24-slim
# Some feeds are packed with these; gzip and zip need no program.
RUN apt-get update && apt-get install -y --no-install-recommends bzip2 xz-utils zstd && rm -rf /var/lib/apt/lists/*
WORKDIR /app
ENV NODE_ENV=production
COPY LICENSE package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
# Remembers which database was chosen; a new volume here takes over its owner.
ENV PATCHHERD_DATA=/var/lib/patchherd
RUN install -d -o node -g node -m 0700 /var/lib/patchherd
# uid 1000 in this image: settings and keys must be readable for it.
USER node
# The web chat answers it, on the port of the settings' default. Workers have none: compose.yaml switches it off for them.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8484/health/live').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/bot/cli/main.js"]
CMD ["run", "bot", "--config", "/etc/patchherd/settings.yaml"]
