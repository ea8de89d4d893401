# Two images. `production`, the last stage and so what `docker build .` makes: worker, API, codec server and the command line;
# the command says which. `emulator`: the test double of an Auth0 tenant. It hands out tokens, so it is in no production image.
# Debian, not Alpine: the native part of @temporalio/worker is built against glibc.
#
# The image is named by its content; the tag only tells people what that is. docs/dependencies.md says how to renew it.
ARG NODE_IMAGE=node:22.23.2-bookworm-slim@sha256:48e4b67d85f87bd551df43704e24d252f56cc5f8e9718841aace50f19948f0f9

FROM ${NODE_IMAGE} AS base
WORKDIR /app
COPY package.json package-lock.json .npmrc ./

FROM base AS build
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts
COPY . .
# The emulator leaves dist/, so that whatever else is built there can be copied as a whole.
RUN npm run build && mv dist/emulator /emulator

FROM build AS emulator-packages
# What the emulator alone uses are development packages, among hundreds of others.
RUN node scripts/emulator-packages.mjs . /emulator

FROM base AS production-packages
COPY scripts/production-packages.mjs scripts/kept-packages.mjs ./scripts/
# Without what makes workflow bundles, what is for other platforms, types and source maps: a third of the size.
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts --omit=dev && node scripts/production-packages.mjs .

FROM ${NODE_IMAGE} AS runtime
# The slim image lacks the root certificates by which the native part checks Temporal's.
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates \
  && rm -rf /var/lib/apt/lists/* /var/cache/apt/* \
  # A volume mounted here belongs to the user that writes into it.
  && install -d -o node -g node /emulator-ca
WORKDIR /app
ENV NODE_ENV=production
COPY package.json ./
# The user `node`, by number: Kubernetes refuses to check a name with `runAsNonRoot`.
USER 1000:1000
# node itself, not npm or a shell: SIGTERM reaches the process that must hear it.
ENTRYPOINT ["node"]

FROM runtime AS emulator
COPY --from=emulator-packages /app/node_modules ./node_modules
COPY --from=build /emulator ./dist/emulator
CMD ["dist/emulator/main.js"]

FROM runtime AS production
LABEL org.opencontainers.image.title="auth0-mfa-enrollment" \
  org.opencontainers.image.description="Worker, API, codec server and command line of durable MFA enrollment for Auth0" \
  org.opencontainers.image.licenses="MIT"
COPY --from=production-packages /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# `node bin/mfa.mjs …` in any container of it.
COPY bin ./bin
CMD ["dist/src/api/main.js"]
