// What a program on npm's rss-parser holds after asking once more: `node by_rss_parser.js STATE.json URL…`.
// The parser keeps nothing and sends no validators of its own: both are what its users add.
const { readFileSync, writeFileSync, existsSync } = require("node:fs");
const http = require("node:http");
const Parser = require("rss-parser");

const [state, ...urls] = process.argv.slice(2);
const feeds = existsSync(state) ? JSON.parse(readFileSync(state, "utf8")) : {};
const etags = {};
const get = http.get;
http.get = (options, taken) =>
  get(options, (answer) => {
    etags[options.href] = answer.headers.etag;
    taken(answer);
  });

async function update(url) {
  const feed = feeds[url] ?? { etag: "", items: {} };
  const parser = new Parser({ headers: feed.etag ? { "If-None-Match": feed.etag } : {} });
  try {
    for (const item of (await parser.parseURL(url)).items) {
      const id = item.guid ?? item.id;
      feed.items[id] = [item.title, item.link ?? "", id, item.isoDate];
    }
  } catch (error) {
    if (error.message !== "Status code 304") throw error;
  }
  feeds[url] = { ...feed, etag: etags[url] };
}

Promise.all(urls.map(update)).then(() => writeFileSync(state, JSON.stringify(feeds)));
