// A real OpenID provider for one client: whoever signs in is who they say they are. Its key is handed to it, so that tokens
// of members of staff can be made beside it.
import { pathToFileURL } from "node:url";
const [modules, port, back, key] = process.argv.slice(2);
const { Provider } = await import(pathToFileURL(`${modules}/oidc-provider/lib/index.js`));
const names = { wang: "王小明" };
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{ client_id: "banshi", client_secret: "made-up", redirect_uris: [back] }],
  claims: { openid: ["sub"], profile: ["name", "resident_id"], phone: [] },
  conformIdTokenClaims: false,
  cookies: { keys: ["made-up"] },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, name: names[id], resident_id: "11010519491231002X" }) }),
  jwks: { keys: [JSON.parse(key)] },
});
provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
