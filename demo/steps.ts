import type { Narrator } from './narrator.ts';
import type { Shell } from './shell.ts';

interface Stage {
  readonly narrator: Narrator;
  readonly shell: Shell;
}

interface Scene extends Stage {
  /** Where the REST API is. */
  readonly api: string;
}

const PODS_OF_BLOG = 'kubectl get pods -l provider-operator.io/installation=blog';
/** Matches exactly one pod: the replaced one may take a moment to go. */
const ONE_POD = /^NAME.*\n.* 1\/1 .*$/;

/** Installs what every cluster needs before the operator can work in it. */
export async function installOperator({ narrator, shell }: Stage): Promise<void> {
  narrator.heading('Prepare the cluster');
  narrator.say('The operator brings three kinds of objects, and roles with the few rights that it needs.');
  await shell.run('kubectl apply --server-side -k crds/');
  await shell.run('kubectl wait --for=condition=Established crd --all --timeout=30s');
  await shell.runUntil(
    'kubectl api-resources --api-group=provider-operator.io',
    /^providerinstallations .*^providers /ms,
  );
  await shell.run('kubectl apply -f deploy/rbac.yaml');
  await shell.run(
    'kubectl create clusterrolebinding provider-operator --clusterrole=provider-operator --user=provider-operator',
  );
  narrator.say(
    'This platform lets the operator make the keys that releases ask for: it may create Secrets, and reads none.',
  );
  await shell.run(
    'kubectl create clusterrolebinding provider-operator-generate-secrets --clusterrole=provider-operator-generate-secrets --user=provider-operator',
  );
  narrator.say('Its REST API asks the cluster whose a token is and what its owner may do, and decides neither.');
  await shell.run(
    'kubectl create clusterrolebinding provider-operator-review-callers --clusterrole=provider-operator-review-callers --user=provider-operator',
  );
  await shell.run(
    'kubectl create rolebinding provider-operator --clusterrole=provider-operator-leader-election --user=provider-operator',
  );
}

/** An install, an upgrade by either policy, one that is rolled back, and a drift that is healed. */
export async function tellStory({ narrator, shell, api }: Scene): Promise<void> {
  narrator.heading('Install');
  narrator.say(
    'A Provider is what a publisher offers: here "acme/web" with its first release. Two installations run it:',
    '"shop" stays on the version that its owner names (manual), "blog" takes newer ones by itself (auto).',
  );
  await shell.run('kubectl apply -f examples/catalogue.yaml');
  // Not by apply: what that keeps is changed where it comes from, and the REST API would refuse to.
  await shell.run('kubectl create -f examples/installation-auto.yaml -f examples/installation-manual.yaml');
  await shell.run('kubectl wait --for=condition=Ready pi --all --timeout=60s');
  await shell.run('kubectl get pi');
  narrator.say('Each has a Deployment and a Service of its own name; the tier decides on replicas and resources.');
  await shell.run('kubectl get deployments');

  narrator.heading('Publish 1.1.0');
  narrator.say('Only the automatic one moves. The manual one learns of it, and stays.');
  await shell.run('kubectl apply -f examples/publish/catalogue-1.1.0.yaml');
  await shell.run("kubectl wait --for=jsonpath='{.status.currentVersion}'=1.1.0 pi/blog --timeout=60s");
  await shell.run('kubectl wait --for=condition=UpdateAvailable pi/shop --timeout=60s');
  await shell.run('kubectl get pi');

  narrator.heading('Upgrade by the REST API');
  narrator.say(
    'The owner of the manual one names the version when it suits: by kubectl, by Git, or as here by a portal with a token.',
    'The API writes with that token, so that the rights of the portal decide. No old pod goes before a new one is ready.',
  );
  await shell.run('kubectl create serviceaccount portal');
  await shell.run(
    'kubectl create role portal --verb=get,list,patch --resource=providerinstallations.provider-operator.io',
  );
  await shell.run('kubectl create rolebinding portal --role=portal --serviceaccount=default:portal');
  // The API server may need a moment for the new right. To ask once more for the same version changes nothing.
  await shell.runUntil(upgradeOfShop(api), /"installed_version":"1\.1\.0"/);
  await shell.run('kubectl wait --for=condition=Ready pi/shop --timeout=60s');
  await shell.run('kubectl get pi');

  narrator.heading('Publish 1.2.0, which does not work');
  narrator.say('The automatic one tries it. Its new pod crashes, so what ran before is brought back, once.');
  await shell.runUntil(PODS_OF_BLOG, ONE_POD);
  await shell.run('kubectl patch prov acme.web --type=json --patch-file=demo/publish/1.2.0.yaml');
  await shell.run('kubectl wait --for=condition=UpgradeHealthy=False pi/blog --timeout=60s');
  await shell.run('kubectl wait --for=condition=Ready pi/blog --timeout=60s');
  narrator.say('The pod from before has served all the time. What happened, in the words of the operator:');
  await shell.runUntil(PODS_OF_BLOG, ONE_POD);
  await shell.run(
    `kubectl get pi blog -o jsonpath='{range .status.conditions[*]}{.type}={.status} {.reason}: {.message}{"\\n"}{end}'`,
  );
  await shell.runUntil('kubectl events --for pi/blog --types=Warning', /RollingBack/);

  narrator.heading('Publish 1.2.1, which mends it');
  narrator.say('What failed is left alone, something newer is taken.');
  await shell.run('kubectl patch prov acme.web --type=json --patch-file=demo/publish/1.2.1.yaml');
  await shell.run("kubectl wait --for=jsonpath='{.status.currentVersion}'=1.2.1 pi/blog --timeout=60s");
  await shell.run('kubectl get pi');
  await shell.run(
    `kubectl get pi blog -o jsonpath='{range .status.history[*]}{.trigger} {.version} {.result}{"\\n"}{end}'`,
  );

  narrator.heading('Publish 1.3.0, which asks');
  narrator.say('It needs an address and a region of each tenant. The automatic one waits for them, and says so.');
  await shell.run('kubectl patch prov acme.web --type=json --patch-file=demo/publish/1.3.0.yaml');
  await shell.runUntil(
    `kubectl get pi blog -o jsonpath='{.status.conditions[?(@.type=="UpdateAvailable")].message}'`,
    /adminEmail/,
  );
  narrator.say('Its owner answers, and it moves. The key that 1.3.0 wants as well is made for it.');
  await shell.run(
    `kubectl patch pi blog --type=merge -p '{"spec":{"userInputs":[{"name":"adminEmail","value":"ann@example.com"},{"name":"region","value":"eu"}]}}'`,
  );
  await shell.run("kubectl wait --for=jsonpath='{.status.currentVersion}'=1.3.0 pi/blog --timeout=60s");
  await shell.run('kubectl get pi');
  await shell.run(
    `kubectl get deployment blog -o jsonpath='{range .spec.template.spec.containers[0].env[*]}{.name}={.value}{.valueFrom.secretKeyRef.name}{"\\n"}{end}'`,
  );

  narrator.heading('Heal a drift');
  narrator.say(
    'Somebody scales the Deployment by hand. The tier says 2 replicas, so 2 it is again, and an event tells.',
  );
  await shell.run('kubectl scale deployment shop --replicas=7');
  await shell.run("kubectl wait --for=jsonpath='{.spec.replicas}'=2 deployment/shop --timeout=30s");
  await shell.runUntil('kubectl events --for pi/shop --types=Warning', /DriftHealed/);
}

/** The first seed's curl. "blog" runs the same provider in the same namespace, so that the call has to say which one. */
function upgradeOfShop(api: string): string {
  return [
    'curl --silent --request POST',
    `--url '${api}/providers/installed/acme/web/upgrade?installation=shop'`,
    '--header "Authorization: Bearer $(kubectl create token portal)"',
    "--header 'Content-Type: application/json'",
    `--data '{"version": "1.1.0"}'`,
  ].join(' \\\n  ');
}
