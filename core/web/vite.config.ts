import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type Plugin } from "vite";

const dist = join(import.meta.dirname, "dist");

/** Where `npm run dev` finds the server that renders pages and answers the API. */
const server = process.env.COMMUNITY_SERVER ?? "http://127.0.0.1:3000";

/** Empties `dist` but for what git keeps there, and puts a compressed copy of everything beside it: the server compresses nothing. */
const packed: Plugin = {
  name: "packed",
  apply: "build",
  buildStart() {
    for (const name of readdirSync(dist)) if (name !== ".gitignore") rmSync(join(dist, name));
  },
  closeBundle() {
    for (const name of readdirSync(dist)) {
      if (name === ".gitignore" || /\.(br|gz)$/.test(name)) continue;
      const content = readFileSync(join(dist, name));
      const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };
      writeFileSync(join(dist, `${name}.br`), brotliCompressSync(content, quality));
      writeFileSync(join(dist, `${name}.gz`), gzipSync(content, { level: 9 }));
    }
  },
};

/** While developing, pages come from the server, with the sources in place of what was built. */
const pages: Plugin = {
  name: "pages",
  apply: "serve",
  configureServer(vite) {
    vite.middlewares.use(async (request, response, next) => {
      if (!request.headers.accept?.includes("text/html")) return next();
      const headers = { accept: "text/html", cookie: request.headers.cookie ?? "", "accept-language": request.headers["accept-language"] ?? "" };
      const answer = await fetch(new URL(request.url ?? "/", server), { headers, redirect: "manual" });
      if (answer.status >= 300 && answer.status < 400) {
        response.writeHead(answer.status, { location: answer.headers.get("location") ?? "/" });
        return response.end();
      }
      const page = (await answer.text())
        .replace(/<link rel="(stylesheet|modulepreload)" href="\/assets\/app\/[^>]*>/g, "")
        .replace(/src="\/assets\/app\/[^"]*"/, 'src="/src/main.ts"');
      response.setHeader("content-type", "text/html; charset=utf-8");
      response.end(page);
    });
  },
};

export default defineConfig(({ command }) => ({
  base: command === "build" ? "/assets/app/" : "/",
  plugins: [svelte(), packed, pages],
  publicDir: false,
  build: {
    outDir: dist,
    emptyOutDir: false,
    assetsDir: "",
    target: "es2022",
    manifest: "manifest.json",
    modulePreload: { polyfill: false },
    rolldownOptions: { input: "src/main.ts", checks: { pluginTimings: false } },
  },
  server: {
    proxy: Object.fromEntries(
      // The sources have a folder `assets`, too; those of the server stand below a hash.
      ["^/api/", "/socket.io", "/uploads", "^/assets/[^/]+/", "/openapi.json"].map((path) => [path, { target: server, ws: true, changeOrigin: true }]),
    ),
  },
}));
