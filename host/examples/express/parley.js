// Parley's REST API for this server, with Node's own fetch: what the Python package does, as far as the school needs it.
import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import jwt from 'jsonwebtoken'

// The id of this server, which no user can have.
const SERVICE_ID = '~parley.service-host'
const TRIES = 5
const TIMEOUT_MS = 10_000
const PATIENCE_MS = 30_000

// A refusal, or no answer (status 0). `code` is the one to decide on; `fields` names wrong fields.
export class ParleyError extends Error {
  constructor(status, document) {
    super(`${status} ${document.code}. ${document.detail ?? ''}`)
    this.status = status
    this.code = document.code
    this.fields = document.errors ?? []
    this.retryAfterMs = document.retry_after_ms
  }

  get mayPass() {
    return this.retryAfterMs != null || this.status === 0 || this.status === 429 || this.status >= 500
  }
}

export class Parley {
  #url
  #secret
  #own = { token: '', renewedAt: 0 }

  constructor(url, secret) {
    this.#url = url
    this.#secret = secret
  }

  // A token for one of the users, for their browser.
  userToken(userId, expiresIn = 3600) {
    return this.#signed({ sub: String(userId) }, expiresIn)
  }

  // Each request may be repeated: PUT and DELETE by their nature, a message by its client_id.
  async ask(method, path, body) {
    const until = Date.now() + PATIENCE_MS
    for (let tried = 1; ; tried += 1) {
      try {
        return await this.#try(method, path, body)
      } catch (error) {
        const backOffMs = Math.random() * 200 * 2 ** (tried - 1) + (error.retryAfterMs ?? 0)
        if (!error.mayPass || tried === TRIES || Date.now() + backOffMs > until) throw error
        await wait(backOffMs)
      }
    }
  }

  putUser(userId, fields) {
    return this.ask('PUT', `/users/${encodeURIComponent(userId)}`, fields)
  }

  // To one person (user_id), or to two others (user_ids); it opens their conversation if there is none.
  sendMessageToUser(fields) {
    return this.ask('POST', '/messages', { client_id: randomUUID(), ...fields })
  }

  signOutUser(userId) {
    return this.ask('POST', `/users/${encodeURIComponent(userId)}/sign-out`)
  }

  eraseUser(userId) {
    return this.ask('DELETE', `/users/${encodeURIComponent(userId)}`)
  }

  async #try(method, path, body) {
    const answer = await fetch(this.#url + path, {
      method,
      headers: { Authorization: `Bearer ${this.#serviceToken()}`, 'Content-Type': 'application/json' },
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).catch((error) => {
      throw new ParleyError(0, { code: 'unreachable', detail: `${method} ${path}: ${error.cause ?? error}` })
    })
    const document = await answer.json().catch(() => ({ code: 'unreadable_answer' }))
    if (!answer.ok) throw new ParleyError(answer.status, document)
    return document
  }

  // The same token for 55 minutes, because API Gateway remembers tokens.
  #serviceToken() {
    if (Date.now() >= this.#own.renewedAt) {
      this.#own = { token: this.#signed({ sub: SERVICE_ID, role: 'service' }, 3600), renewedAt: Date.now() + 3_300_000 }
    }
    return this.#own.token
  }

  #signed(claims, expiresIn) {
    return jwt.sign(claims, this.#secret, { algorithm: 'HS256', issuer: 'parley', audience: 'parley', expiresIn })
  }
}
