import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { selfSigned } from '../../unit/rest/self-signed.ts';

/** Changes the object under review in place. */
export type Mutation = (object: Mutable, operation: string) => void;
// oxlint-disable-next-line typescript/no-explicit-any -- objects of any kind are rewritten here, field by field.
export type Mutable = any;

export interface Webhook {
  /** A MutatingWebhookConfiguration, for objects in one namespace. */
  readonly configuration: object;
  readonly stop: () => void;
}

interface Review {
  readonly request: { readonly uid: string; readonly operation: string; readonly object: Mutable };
}

/** Starts a mutating webhook on the loopback, as Kyverno or GKE Autopilot are one: it is called for every apply. */
export async function startWebhook(
  namespace: string,
  resources: readonly string[],
  mutate: Mutation,
): Promise<Webhook> {
  const { cert, key } = selfSigned();
  const server = createServer({ cert, key }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { uid, operation, object } = (JSON.parse(Buffer.concat(chunks).toString()) as Review).request;
      const before = structuredClone(object) as Record<string, unknown>;
      mutate(object, operation);
      const patch = Object.keys(before).map((name) => ({
        op: 'replace',
        path: `/${name}`,
        value: (object as Record<string, unknown>)[name],
      }));
      const answer = { uid, allowed: true, patchType: 'JSONPatch', patch: base64(patch) };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: answer }));
    });
  });
  // An API server that writes onto a connection which is just being closed calls that a failed review.
  server.keepAliveTimeout = 600_000;
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    configuration: {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name: `rewrites-${namespace}` },
      webhooks: [
        {
          name: 'rewrites.example.com',
          clientConfig: { url: `https://localhost:${port}/`, caBundle: Buffer.from(cert).toString('base64') },
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
          rules: [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['CREATE', 'UPDATE'], resources }],
          sideEffects: 'None',
          admissionReviewVersions: ['v1'],
          failurePolicy: 'Fail',
        },
      ],
    },
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function base64(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64');
}
