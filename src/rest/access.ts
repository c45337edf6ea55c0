import type { Resource } from '../cluster/resource.ts';
import type { Transport } from '../cluster/transport.ts';
import type { Clock } from '../controller/clock.ts';
import type { Caller } from './callers.ts';
import { Expiring } from './expiring.ts';
import { notReviewed } from './problem.ts';

/** `override`: to write over what a GitOps tool keeps; a verb of ours, which roles may have. */
type Verb = 'get' | 'list' | 'create' | 'override';

interface Deed {
  readonly verb: Verb;
  readonly resource: Resource;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
}

/** Seconds, as kube-apiserver itself remembers what a webhook said; a right that was just granted is waited for. */
const ALLOWED_MS = 10_000;
const REFUSED_MS = 2_000;
const MOST_KEPT = 16_384;

export interface Access {
  /** What the API server says of it: this process decides nobody's rights. */
  may(caller: Caller, deed: Deed): Promise<boolean>;
}

/** https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/subject-access-review-v1/ */
export function createAccess(transport: Transport, clock: Clock): Access {
  const reviews = new Expiring<boolean>({
    most: MOST_KEPT,
    clock,
    ttlMs: (allowed) => (allowed ? ALLOWED_MS : REFUSED_MS),
  });

  async function review(caller: Caller, { verb, resource, namespace, name }: Deed): Promise<boolean> {
    const { username: user, uid, groups, extra } = caller;
    const { group, plural } = resource;
    const attributes = { verb, group, version: resource.version, resource: plural, namespace, name };
    const asking = transport.request<{ status?: { allowed?: boolean; denied?: boolean } }>({
      method: 'POST',
      path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
      body: {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        spec: { user, uid, groups, extra, resourceAttributes: attributes },
      },
      doing: `Review whether "${user}" may ${verb} ${plural}`,
      resource: 'subjectaccessreviews.authorization.k8s.io',
    });
    const { status } = await asking.catch(notReviewed);
    return status?.allowed === true && status.denied !== true;
  }

  return {
    may(caller, deed) {
      const { verb, resource, namespace, name } = deed;
      // A token stands for one user; JSON, so that no part can run into the next.
      const key = JSON.stringify([caller.id, verb, resource.group, resource.plural, namespace, name]);
      return reviews.get(key, () => review(caller, deed));
    },
  };
}
