import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, configure, client as api } from './client.ts';

/** What a script does with the client that was generated beside it: one provider's life by each of the two seeds. */

const { API_URL: serverUrl = '', API_TOKEN: bearer = '' } = process.env;
configure({ serverUrl, auth: { bearer } });
const path = { org: 'acme', name: 'web' };

function say(...words: readonly unknown[]): void {
  console.log(words.map((word) => (typeof word === 'string' ? word : JSON.stringify(word))).join(' '));
}

/** Follows it by server-sent events until nothing goes on any more. */
async function settled(): Promise<void> {
  for await (const { event } of api.watchInstallation({ path })) {
    if (event === 'settled') {
      const { status, version } = await api.getDeployment({ path });
      say('settled', status, version);
      return;
    }
  }
  throw new Error('The stream ended too early');
}

async function refusal(request: Promise<unknown>): Promise<string> {
  try {
    await request;
    return 'no refusal';
  } catch (error) {
    return error instanceof ApiError ? String(error.status) : String(error);
  }
}

const { items } = await api.listProviders({ query: { q: 'acme' } });
say(
  'published',
  items.map(({ provider_name, latest_version }) => `${provider_name} ${latest_version}`),
);
const wish = { provider_name: 'acme/web', version: '1.0.0', config: { LOG_LEVEL: 'info' } };
const plan = await api.installProvider({ query: { dryRun: 'true' }, body: wish });
say('would install', plan.version);
await api.installProvider({ body: wish, headers: { 'idempotency-key': 'story' } });
say('twice', await refusal(api.installProvider({ body: wish })));
await settled();
const candidates = await api.listCandidates({ path });
say(
  'candidates',
  candidates.items.map(({ version, takeable }) => `${version} ${takeable}`),
);
const upgraded = await api.upgradeProvider({ path, body: { version: '1.0.1' } });
say('accepted', 'installed_version' in upgraded ? upgraded.installed_version : upgraded);
await settled();
await api.downgradeProvider({ path, body: { target_version: '1.0.0' } });
await settled();
const history = await api.listRollouts({ path });
say(
  'history',
  history.map(({ version, result }) => `${version} ${result}`),
);

const [installed] = await api.app_list_appinstallations_for_user({ query: { appIds: [] } });
const appInstallationId = installed?.id ?? '';
const [newest] = await api.app_list_appversions({
  path: { appId: installed?.appId ?? '' },
  query: { versionRange: '1.1.0' },
});
await api.app_patch_appinstallation({
  path: { appInstallationId },
  body: { appVersionId: newest?.id ?? '', updatePolicy: 'patchLevel', description: 'by the second seed' },
});
await settled();
const app = await api.app_get_appinstallation({ path: { appInstallationId } });
say('second seed', app.phase, app.appExternalVersion, app.updatePolicy, app.description);

await api.uninstallProvider({ path });
for (;;) {
  const status = await refusal(api.getInstallation({ path }));
  if (status === '404') {
    say('gone');
    break;
  }
  await sleep(100);
}
