import { readFile, readdir } from "node:fs/promises";
import { expect, test } from "vitest";
import { createTestEmulator } from "../test-support.ts";

const FOLDER = new URL(".", import.meta.url);
const scripts = (await readdir(FOLDER)).filter((file) => file.endsWith(".js"));
const read = (file: string) => readFile(new URL(file, FOLDER), "utf8");

/** Every way from a string to markup or code. */
const FROM_STRING_TO_MARKUP =
  /innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|parseFromString|setHTML|srcdoc|\beval\b|new Function|javascript:|\.on[a-z]+ *=/;

test.each(scripts)("%s has no way from a message's text to markup", async (file) => {
  expect(await read(file)).not.toMatch(FROM_STRING_TO_MARKUP);
});

test("the page has no inline script or style, and nothing from elsewhere", async () => {
  const html = await read("page.html");
  expect(html).not.toMatch(/ style=| on[a-z]+=|<style|<script(?![^>]+ src="\/)/);
  for (const file of ["page.html", "page.css", ...scripts]) {
    const urls = (await read(file)).match(/(?:https?:)?\/\/[\w.-]+\.\w+[^\s"']*/g) ?? [];
    expect(urls.filter((url) => !url.includes("www.w3.org"))).toEqual([]);
  }
});

test("page, styles and scripts are served under a strict policy", async () => {
  const emulator = createTestEmulator();
  const paths = ["/", "/page.css", "/icon.svg", ...scripts.map((file) => `/${file}`)];
  for (const path of paths) {
    const response = await emulator.fetch(new Request(`http://emulator.test${path}`));
    expect(response.status).toBe(200);
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    const policy = response.headers.get("content-security-policy");
    expect(policy).toContain("default-src 'self'");
    expect(policy).not.toMatch(/unsafe|\*|data:/);
  }
  const foreign = new Request("http://emulator.test/", { headers: { host: "evil.example" } });
  expect((await emulator.fetch(foreign)).status).toBe(403);
});

test("stored media is shown by type only where it is a picture", async () => {
  const emulator = createTestEmulator();
  emulator.addCustomer({ phone: "491701234567", name: "Mara" });
  const ids: string[] = [];
  emulator.on("message", ({ content }) => {
    if (content && typeof content === "object" && "id" in content) ids.push(String(content.id));
  });
  const data = Buffer.from("<script>alert(1)</script>").toString("base64");
  const document = { data, mime_type: "text/html" };
  emulator.sendFromCustomer("491701234567", { type: "image", image: {} });
  emulator.sendFromCustomer("491701234567", { type: "document", document });
  const types = await Promise.all(
    ids.map(async (id) => {
      const response = await emulator.fetch(
        new Request(`http://emulator.test/emulator/media/${id}`),
      );
      return [response.headers.get("content-type"), response.headers.get("content-disposition")];
    }),
  );
  expect(types).toEqual([
    ["image/png", "inline"],
    ["application/octet-stream", "attachment"],
  ]);
});
