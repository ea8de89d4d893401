# One image for worker, API, codec server and, where wanted, the emulator: the command says which.
# Debian, not Alpine: the native part of @temporalio/worker is built against glibc.
FROM node:22.23.2-bookworm-slim AS base
WORKDIR /app
COPY package.json package-lock.json .npmrc ./

FROM base AS build
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts
COPY . .
RUN npm run build

FROM base AS production-packages
# The package of the native part brings it for five platforms; this image needs its own.
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts --omit=dev \
  && find node_modules/@temporalio/core-bridge/releases -mindepth 1 -maxdepth 1 ! -name "$(uname -m)-unknown-linux-gnu" -exec rm -r {} +

FROM node:22.23.2-bookworm-slim
# The slim image lacks the root certificates by which the native part checks Temporal's.
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/* \
  # A volume mounted here belongs to the user that writes into it.
  && install -d -o node -g node /emulator-ca
WORKDIR /app
ENV NODE_ENV=production
COPY --from=production-packages /app/node_modules ./node_modules
COPY package.json ./
COPY --from=build /app/dist ./dist
# `node bin/mfa.mjs …` in any container of it.
COPY bin ./bin
USER node
# node itself, not npm or a shell: SIGTERM reaches the process that must hear it.
ENTRYPOINT ["node"]
CMD ["dist/src/api/main.js"]
