/** A runtime in which everything is set, with values that the API server stores in another form than they are written. */
export const RUNTIME = {
  ports: [
    { name: 'http', containerPort: 8080, servicePort: 80 },
    { name: 'dns', containerPort: 53, protocol: 'UDP' },
  ],
  command: ['serve'],
  args: ['--name=$(NAME)'],
  env: [{ name: 'NAME', value: 'web' }, { name: 'EMPTY', value: '' }, { name: 'UNSET' }],
  readinessProbe: { httpGet: { path: '/ready', port: 'http' }, initialDelaySeconds: 0, periodSeconds: 3 },
  livenessProbe: { exec: { command: ['true'] }, failureThreshold: 5 },
  securityContext: {
    runAsUser: 1000,
    runAsGroup: 1000,
    fsGroup: 1000,
    readOnlyRootFilesystem: false,
    addCapabilities: ['NET_BIND_SERVICE'],
  },
  volumes: [
    { name: 'scratch', emptyDir: {} },
    { name: 'none', configMap: { name: 'none', items: [], optional: true } },
    { name: 'memory', emptyDir: { medium: 'Memory', sizeLimit: '1024Mi' } },
    {
      name: 'files',
      configMap: { name: 'files', items: [{ key: 'a', path: 'b' }], defaultMode: 256, optional: true },
    },
    { name: 'secret', secret: { secretName: 'secret', optional: false } },
    { name: 'self', downwardAPI: { items: [{ path: 'labels', fieldPath: 'metadata.labels' }] } },
  ],
  volumeMounts: [
    { name: 'scratch', mountPath: '/scratch', readOnly: false },
    { name: 'memory', mountPath: '/memory' },
    { name: 'files', mountPath: '/files', readOnly: true },
    { name: 'secret', mountPath: '/secret', subPath: '' },
    { name: 'self', mountPath: '/self' },
  ],
};

export const TIERS = {
  performance: {
    replicas: 3,
    resources: { requests: { cpu: '1000m', memory: '0.5Gi' }, limits: { cpu: '1.5', memory: '1024Mi' } },
  },
};
