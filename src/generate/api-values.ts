import { z } from 'zod';
import { flag, list, map, passed, text } from './value-kinds.ts';

/**
 * The values of the Helm chart for the REST API. Each part may be absent, as a parent chart makes it by a null: then it is
 * as if nothing of it were set.
 */

const HOST = /^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const host = () => z.string().max(253).regex(HOST);
/** The name of an object whose name is that of a DNS subdomain. */
const objectName = (description: string) =>
  z
    .string()
    .max(253)
    .regex(/^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$/)
    .default('')
    .describe(description);

export const ApiValues = z.strictObject({
  enabled: flag(true, 'Serves the REST API'),
  separate: flag(
    false,
    'Serves it in pods of their own, which may read what the operator reads and write nothing, instead of in those of the operator',
  ),
  replicaCount: z.int().min(0).default(2).describe('Pods that serve the API where it is separate; each does'),
  serviceAccountName: objectName(
    'Name of the ServiceAccount of the separate API; made up when empty. It must be another than that of the operator',
  ),
  resources: passed()
    .default({ requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '256Mi' } })
    .describe('Requests and limits of the separate API, which keeps the same caches as the operator'),
  tls: z
    .strictObject({
      secretName: objectName(
        'Secret with the certificate and its key (tls.crt, tls.key), which pods wait for; also where cert-manager puts it',
      ),
      certManager: z
        .strictObject({
          enabled: flag(false, 'Has cert-manager make and renew the certificate; needs its CRDs'),
          issuerRef: z
            .strictObject({
              name: text('', 'Name of the issuer'),
              kind: z.enum(['Issuer', 'ClusterIssuer']).default('Issuer').describe('Kind of the issuer'),
            })
            .optional(),
          dnsNames: list(
            host(),
            'Names that the certificate is for, and no others; those of the Service in the cluster when empty, which public issuers refuse',
          ),
        })
        .optional(),
    })
    .optional(),
  plainHttp: flag(
    false,
    'Serves the API without a certificate to others than the pod itself: tokens can be read on the way, unless a mesh encrypts it',
  ),
  corsOrigins: list(
    z.string().regex(/^https?:\/\/[a-z0-9.-]+(:\d{1,5})?$/),
    'Origins whose pages may call the API from a browser, such as https://console.example.com',
  ),
  rateLimit: z.int().min(1).max(10_000_000).default(1000).describe('Requests of one caller within 10 s'),
  openCatalogue: flag(
    true,
    'Every authenticated caller may read the catalogue; if false, only who may list providers may',
  ),
  service: z
    .strictObject({
      port: z
        .int()
        .min(0)
        .max(65_535)
        .default(0)
        .describe('Port of the Service; 443 with a certificate and 80 without when 0'),
      type: z.enum(['ClusterIP', 'NodePort', 'LoadBalancer']).default('ClusterIP').describe('Type of the Service'),
      annotations: map('Annotations of the Service'),
    })
    .optional(),
  ingress: z
    .strictObject({
      enabled: flag(false, 'Makes an Ingress to the Service'),
      className: objectName('Name of the IngressClass; the default of the cluster when empty'),
      host: z
        .union([z.literal(''), host()])
        .default('')
        .describe('Name of the host, without a scheme or port; any when empty'),
      annotations: map('Annotations of the Ingress'),
      tlsSecretName: objectName('Secret with the certificate that the Ingress shows to callers'),
    })
    .optional(),
  httpRoute: z
    .strictObject({
      enabled: flag(false, 'Makes an HTTPRoute to the Service; needs the CRDs of the Gateway API'),
      parentRefs: list(passed(), 'Gateways (or their listeners) that the route is attached to'),
      hostnames: list(host(), 'Names of hosts; those of the listener when empty'),
    })
    .optional(),
});
