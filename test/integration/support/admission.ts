import { eventually, apply, run } from './kubectl.ts';

/** The name of the policy and of its binding. */
const REFUSAL = 'refuses-images';

/** Refuses every pod of the namespace with an image whose name ends with `refused` from now on. */
export async function refuseImages(namespace: string): Promise<void> {
  const kind = 'ValidatingAdmissionPolicy';
  const apiVersion = 'admissionregistration.k8s.io/v1';
  await apply(
    {
      apiVersion,
      kind,
      metadata: { name: REFUSAL },
      spec: {
        matchConstraints: {
          resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
        },
        validations: [
          {
            expression: "object.spec.containers.all(c, !c.image.contains('/refused:'))",
            message: 'Images that are named refused may not run here',
          },
        ],
      },
    },
    {
      apiVersion,
      kind: `${kind}Binding`,
      metadata: { name: REFUSAL },
      spec: {
        policyName: REFUSAL,
        validationActions: ['Deny'],
        matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } },
      },
    },
  );
  // The API server needs a moment before it applies a new policy and binding.
  await eventually(async () => !(await isAllowed(namespace)));
}

/** Removes the refusal. */
export async function allowImages(namespace: string): Promise<void> {
  await run(['delete', 'validatingadmissionpolicybinding,validatingadmissionpolicy', REFUSAL, '--ignore-not-found']);
  await eventually(() => isAllowed(namespace));
}

async function isAllowed(namespace: string): Promise<boolean> {
  const image = 'registry.example.com/acme/refused:1.0.0';
  const { code } = await run(['run', 'probe', `--image=${image}`, '-n', namespace, '--dry-run=server']);
  return code === 0;
}
