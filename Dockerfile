# One file on a base that has Node and nothing else. The file is made outside (npm run bundle), from what package-lock.json
# names, so that this needs no network and no package manager: `npm run image` does both and adds what is in it.
#
# The base is pinned, by digest. Where it cannot be pulled, `npm run image -- --local-base` makes one of the Node that runs it.
ARG BASE=gcr.io/distroless/nodejs24-debian13:nonroot@sha256:9eeb7f5887d0e239e78264b06f7f11d2e14be534050481803a9e4728fcdd278e
FROM ${BASE}

# These and the flag below are NODE_ENV and NODE_FLAGS of tools/bundle.ts, which says why.
ENV MALLOC_ARENA_MAX=1 \
    MALLOC_MMAP_THRESHOLD_=32768 \
    MALLOC_TRIM_THRESHOLD_=4096 \
    MALLOC_TOP_PAD_=4096

COPY dist/provider-operator.mjs dist/THIRD_PARTY_LICENSES dist/sbom.cdx.json LICENSE /
# Of the page that shows the REST API.
COPY dist/docs /docs

USER 65532:65532
EXPOSE 8080 8081
ENTRYPOINT ["/nodejs/bin/node", "--optimize-for-size", "/provider-operator.mjs"]

ARG VERSION
ARG REVISION
ARG CREATED
ARG SOURCE
LABEL org.opencontainers.image.title="provider-operator" \
      org.opencontainers.image.description="The Kubernetes operator whose tenants' upgrades never hurt" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.created="${CREATED}"
