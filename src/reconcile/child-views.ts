import type { Stored } from '../controller/feed.ts';
import type { Store } from '../controller/store.ts';
import { LABEL } from '../api/names.ts';
import type { ChildKind, ChildView, Observed } from '../plan/state/observed.ts';
import type { Caches } from './caches.ts';
import { projectBudget, projectDeployment, projectService } from './project-children.ts';
import { projectRevision } from './project-revision.ts';
import type { Raw } from './raw.ts';

/** Takes a child as the API server has it into the cache of its kind, and returns its view; of a ControllerRevision, nothing. */
export function offerTo(caches: Caches): (child: ChildKind, raw: Raw) => ChildView | undefined {
  const { deployments, services, budgets, revisions } = caches;
  const offers: Readonly<Record<ChildKind, (raw: Raw) => ChildView | undefined>> = {
    Deployment: (raw) => offered(deployments, projectDeployment(raw)),
    Service: (raw) => offered(services, projectService(raw)),
    PodDisruptionBudget: (raw) => offered(budgets, projectBudget(raw)),
    ControllerRevision: (raw) => void revisions.offer(projectRevision(raw)),
  };
  return (child, raw) => offers[child](raw);
}

function offered<V extends Stored>(store: Pick<Store<V>, 'offer'>, view: V): V {
  store.offer(view);
  return view;
}

/** The observation with a child that was read from the API server in place of the one from the caches. */
export function withChild(seen: Observed, child: ChildKind, raw: Raw): Observed {
  switch (child) {
    case 'Deployment':
      return { ...seen, deployment: projectDeployment(raw) };
    case 'Service':
      return { ...seen, service: projectService(raw) };
    case 'PodDisruptionBudget':
      return { ...seen, budget: projectBudget(raw) };
    case 'ControllerRevision': {
      const others = seen.revisions.filter(({ uid }) => uid !== raw.metadata.uid);
      return { ...seen, revisions: [...others, isWatched(raw) ? projectRevision(raw) : somebodyElses(raw)] };
    }
  }
}

/** By its label; of a child without it nobody would hear that it is gone. */
export function isWatched({ metadata }: Raw): boolean {
  return metadata.labels?.[LABEL.installation] !== undefined;
}

/** The view of an object of somebody else: it is never removed, and its name is taken. */
function somebodyElses(raw: Raw): Observed['revisions'][number] {
  const { name, uid, resourceVersion } = raw.metadata;
  const { number } = projectRevision(raw);
  return { kind: 'stray', name, uid, resourceVersion, number, owner: { kind: '', name: '', uid: '' } };
}
