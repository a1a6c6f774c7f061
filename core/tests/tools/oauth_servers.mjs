// Real OAuth servers for the tests: the certified OpenID provider of the package `oidc-provider`, as it is for two instances (`work`,
// `club`), and with the addresses and manners of Discord, Reddit and GitHub.
//
//   node oauth_servers.mjs NODE_MODULES
//
// Prints one line of JSON when all listen, each on a free port of 127.0.0.1: the servers' addresses by name, and an RSA key for servers
// that the tests make themselves. Ends when its standard input closes.
//
// Who signs in is said where a person would say it: the sign-in page (`/interaction/…`) takes
//   {"account": {id, username, name?, email?, verified?, picture?, withheld?: [scope…]}}   or   {"cancel": true}
// as JSON. An account is what its last sign-in said; a scope that is withheld is one the person does not agree to.
import { generateKeyPairSync } from 'node:crypto';
import http from 'node:http';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const resolve = createRequire(`${process.argv[2]}/`).resolve;
const { default: Provider, interactionPolicy } = await import(pathToFileURL(resolve('oidc-provider')));

// It remarks on what is not meant for production. Whoever started this reads one line and no more.
console.info = console.warn = () => {};

const rsa = () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
// Whoever has said who they are agrees at once, also to an application from the loopback address.
const policy = interactionPolicy.base();
policy.get('consent').checks.remove('native_client_prompt');
// Names that libraries give themselves. Who writes to Reddit has to say who it is.
const ANONYMOUS = /^$|^(axios|curl|hyper|node|python|reqwest|undici|ureq)/i;

const DRESSES = {
  discord: {
    scopes: ['identify', 'email'],
    routes: { authorization: '/api/oauth2/authorize', token: '/api/oauth2/token' },
    authentication: 'client_secret_post',
    callbacks: ['/api/callback', '/api/discord/callback'],
    documents: {
      '/api/v10/users/@me': ({ id, username, name, email, verified, picture }, granted) => ({
        id, username, discriminator: '0', global_name: name ?? null, avatar: picture ?? null,
        ...(granted.has('email') && { email: email ?? null, verified: Boolean(verified) }),
      }),
    },
    refusal: (status) => ({ message: `${status}: Unauthorized`, code: 0 }),
  },
  reddit: {
    scopes: ['identity'],
    routes: { authorization: '/api/v1/authorize', token: '/api/v1/access_token' },
    authentication: 'client_secret_basic',
    callbacks: ['/api/callback', '/api/reddit/callback'],
    documents: {
      '/api/v1/me': ({ id, username, picture, verified }) => ({
        id, name: username, icon_img: picture ?? '', has_verified_email: Boolean(verified),
      }),
    },
    refusal: (status) => ({ message: 'Unauthorized', error: status }),
    errorStatus: 200,
    tokenType: 'bearer',
    needsUserAgent: 429,
  },
  github: {
    scopes: ['read:user', 'user:email'],
    routes: { authorization: '/login/oauth/authorize', token: '/login/oauth/access_token' },
    authentication: 'client_secret_post',
    callbacks: ['/api/github/callback'],
    documents: {
      '/user': ({ id, username, name, email, picture }) => ({
        id: Number(id), login: username, name: name ?? null, avatar_url: picture ?? '', email: email ?? null,
      }),
      '/user/emails': ({ email, verified }) => (email ? [{ email, verified: Boolean(verified), primary: true, visibility: null }] : []),
    },
    refusal: (status) => ({ message: 'Bad credentials', status: String(status) }),
    errorStatus: 200,
    tokenType: 'bearer',
    formUnlessJson: true,
    needsUserAgent: 403,
  },
  work: { openid: true, callbacks: ['/api/work/callback', '/api/oidc/callback'] },
  club: { openid: true, callbacks: ['/api/club/callback'] },
};

const OPENID = { scopes: ['openid', 'profile', 'email'], routes: {}, authentication: 'client_secret_basic', documents: {} };

function configuration(name, dress, accounts) {
  const redirects = dress.callbacks.flatMap((path) => [`https://community.test${path}`, `http://127.0.0.1${path}`]);
  return {
    clients: [{
      client_id: `${name}-id`, client_secret: `${name}-secret`,
      token_endpoint_auth_method: dress.authentication, scope: dress.scopes.join(' '),
      // A native client may come from any port of the loopback address (RFC 8252), as the servers of the tests do.
      application_type: 'native', redirect_uris: redirects, grant_types: ['authorization_code'], response_types: ['code'],
    }],
    scopes: dress.scopes,
    routes: dress.routes,
    claims: { openid: ['sub'], profile: ['preferred_username', 'name', 'picture'], email: ['email', 'email_verified'] },
    jwks: { keys: [{ ...rsa().export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: `${name}-1` }] },
    cookies: { keys: ['of a test'] },
    features: { devInteractions: { enabled: false }, userinfo: { enabled: Boolean(dress.openid) } },
    interactions: { policy, url: (_, { uid }) => `/interaction/${uid}` },
    findAccount: (_, id) => ({ accountId: id, claims: () => claims(accounts.get(id)) }),
    // What people withhold they withhold for good; to everything else they have agreed.
    async loadExistingGrant({ oidc }) {
      const withheld = accounts.get(oidc.session.accountId).withheld ?? [];
      const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
      grant.addOIDCScope(dress.scopes.join(' '));
      if (withheld.length) grant.rejectOIDCScope(withheld.join(' '));
      await grant.save();
      return grant;
    },
  };
}

const claims = ({ id, username, name, email, verified, picture }) =>
  ({ sub: id, preferred_username: username, name, picture, email, email_verified: email && Boolean(verified) });

async function serve(name, dress) {
  const server = http.createServer();
  await new Promise((listening) => { server.listen(0, '127.0.0.1', listening); });
  const address = `http://127.0.0.1:${server.address().port}`;
  const accounts = new Map();
  const provider = new Provider(address, configuration(name, dress, accounts));
  provider.use((ctx, next) => page(provider, accounts, ctx, next));
  if (!dress.openid) provider.use((ctx, next) => manners(provider, dress, accounts, ctx, next));
  provider.on('server_error', (_, error) => console.error(name, error));
  server.on('request', provider.callback());
  return [name, address];
}

// The page on which people sign in and agree.
async function page(provider, accounts, ctx, next) {
  if (!ctx.path.startsWith('/interaction/')) return next();
  if (ctx.method === 'GET') { ctx.body = 'Who are you?'; return; }
  let text = '';
  for await (const chunk of ctx.req) text += chunk;
  const { account, cancel } = JSON.parse(text);
  if (account) accounts.set(account.id, account);
  const answer = cancel ? { error: 'access_denied', error_description: 'The person <b>said</b> no' } : { login: { accountId: account.id } };
  ctx.redirect(await provider.interactionResult(ctx.req, ctx.res, answer));
}

// In what those sites differ from a plain OpenID provider.
async function manners(provider, dress, accounts, ctx, next) {
  const document = dress.documents[ctx.path];
  const token = ctx.path === dress.routes.token;
  if (dress.needsUserAgent && (document || token) && ANONYMOUS.test(ctx.get('user-agent'))) {
    ctx.status = dress.needsUserAgent;
    ctx.body = { message: 'Say who you are', error: ctx.status };
  } else if (document) {
    const given = await provider.AccessToken.find(ctx.get('authorization').replace(/^bearer /i, ''));
    ctx.status = given ? 200 : 401;
    ctx.body = given ? document(accounts.get(given.accountId), given.scopes) : dress.refusal(401);
  } else if (token && dress.authentication === 'client_secret_basic' && !/^basic /i.test(ctx.get('authorization'))) {
    // The package takes the secret from the form as well.
    ctx.status = 401;
    ctx.body = dress.refusal(401);
  } else {
    await next();
    if (token) dressToken(dress, ctx);
    forgetIssuer(ctx);
  }
}

function dressToken(dress, ctx) {
  if (ctx.body?.error && dress.errorStatus) ctx.status = dress.errorStatus;
  if (ctx.body?.token_type && dress.tokenType) ctx.body.token_type = dress.tokenType;
  if (dress.formUnlessJson) {
    if (ctx.body?.scope) ctx.body.scope = ctx.body.scope.replaceAll(' ', ',');
    if (!ctx.get('accept').includes('json')) {
      ctx.body = new URLSearchParams(ctx.body).toString();
      ctx.type = 'application/x-www-form-urlencoded';
    }
  }
}

// The package names itself in its answers (RFC 9207); these sites do not.
function forgetIssuer(ctx) {
  const location = ctx.response.get('location');
  if (!URL.canParse(location)) return;
  const target = new URL(location);
  target.searchParams.delete('iss');
  ctx.set('location', target.href);
}

const servers = Object.entries(DRESSES).map(([name, dress]) => serve(name, dress.openid ? { ...OPENID, ...dress } : dress));
const key = rsa().export({ type: 'pkcs1', format: 'pem' });
console.log(JSON.stringify({ servers: Object.fromEntries(await Promise.all(servers)), key }));
process.stdin.resume().on('end', () => process.exit());
