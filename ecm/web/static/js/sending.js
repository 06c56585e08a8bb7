// How a file travels: a new document by tus, in pieces that survive a lost connection; a new version as one body.
//
// A sending has start() and cancel(), and tells what happens by the handlers that it was given:
// onProgress(sentBytes), onRetry(), onDone(documentId), onProblem({code, ...facts}).

const PIECE_BYTES = 8 * 1024 * 1024;
const RETRY_AFTER_MS = [500, 2000, 5000, 10000];

function problemOf(status, body) {
  if (!status) {
    return { code: "network" };
  }
  try {
    const problem = JSON.parse(body);
    if (typeof problem.code === "string") {
      return problem;
    }
  } catch {
    // Not of our making: a proxy's page, or nothing at all. The status has to do.
  }
  return { code: status === 401 ? "unauthenticated" : status >= 500 ? "failure" : "bad_request" };
}

// Whether another try may succeed soon: a lost connection, a lock of our own last try, a proxy without us.
// What we say of ourselves (no room, storage away) people should hear at once.
function mayPass(response) {
  const status = response?.getStatus() ?? 0;
  const isOurs = response?.getHeader("Content-Type")?.startsWith("application/problem+json");
  return status === 0 || status === 409 || status === 423 || (status >= 502 && status <= 504 && !isOurs);
}

export function sendDocument(file, { user, card }, handlers) {
  const upload = new window.tus.Upload(file, {
    endpoint: "/api/v1/uploads",
    chunkSize: PIECE_BYTES,
    metadata: { filename: file.name, card },
    retryDelays: RETRY_AFTER_MS,
    removeFingerprintOnSuccess: true,
    // The same file on another card, or by someone else on this computer, is another upload.
    fingerprint: async () => ["ecm", user, card, file.name, file.size, file.lastModified].join("/"),
    onShouldRetry(error) {
      const isHopeful = mayPass(error.originalResponse);
      if (isHopeful) {
        handlers.onRetry();
      }
      return isHopeful;
    },
    onProgress: (sent) => handlers.onProgress(sent),
    onSuccess: ({ lastResponse }) => handlers.onDone(lastResponse.getHeader("Ecm-Document")),
    onError(error) {
      const response = error.originalResponse;
      handlers.onProblem(problemOf(response?.getStatus() ?? 0, response?.getBody() ?? ""));
    },
  });
  let isCancelled = false;
  return {
    async start() {
      const [earlier] = upload.url ? [] : await upload.findPreviousUploads();
      if (isCancelled) {
        return;
      }
      if (earlier) {
        upload.resumeFromPreviousUpload(earlier);
      }
      upload.start();
    },
    cancel() {
      isCancelled = true;
      // Should the server not hear of it, the lease ends by itself.
      upload.abort(Boolean(upload.url)).catch(() => {});
    },
  };
}

export function sendVersion(file, { document: id }, handlers) {
  // Sent again after a lost answer, the same key makes no second version.
  const key = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16)).join("-");
  let request = null;
  return {
    async start() {
      const refusal = await askForRoom(file.size);
      if (refusal) {
        handlers.onProblem(refusal);
        return;
      }
      request = new XMLHttpRequest();
      request.open("POST", `/api/v1/documents/${id}/versions?filename=${encodeURIComponent(file.name)}`);
      request.setRequestHeader("Content-Type", "application/octet-stream");
      request.setRequestHeader("Idempotency-Key", key);
      request.upload.addEventListener("progress", (event) => handlers.onProgress(event.loaded));
      request.addEventListener("error", () => handlers.onProblem({ code: "network" }));
      request.addEventListener("load", () => {
        if (request.status === 201) {
          handlers.onDone(id);
        } else {
          handlers.onProblem(problemOf(request.status, request.responseText));
        }
      });
      request.send(file);
    },
    cancel() {
      request?.abort();
    },
  };
}

// A refusal before the first byte: one that comes while a body is being sent may not get through to us.
async function askForRoom(sizeBytes) {
  try {
    const answer = await fetch("/api/v1/quota/preflight", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ size_bytes: sizeBytes }),
    });
    if (!answer.ok) {
      return problemOf(answer.status, await answer.text());
    }
    if ((await answer.json()).fits) {
      return null;
    }
    const quota = await (await fetch("/api/v1/quota")).json();
    const counted = quota.tariff.scope === "user" ? quota.user : quota.company;
    const { trash_bytes, purgeable_bytes } = quota;
    const { limit_bytes } = quota.tariff;
    return { code: "quota_exceeded", limit_bytes, ...counted, requested_bytes: sizeBytes, trash_bytes, purgeable_bytes };
  } catch {
    return { code: "network" };
  }
}
