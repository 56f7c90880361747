// Parley's webhooks for this server: each event is verified, and taken once.
import express from 'express'
import { Webhook, WebhookVerificationError } from 'standardwebhooks'

const MAX_BODY = '64kb' // Parley sends no longer one
const REMEMBERED = 100_000

// Returns the handlers of a route. `secrets` are both while the secret changes, `take` gets each event once.
// They need the bytes that came, so the route comes before `express.json()`.
export function receiver(secrets, take) {
  const webhooks = secrets.map((secret) => new Webhook(secret))
  const taken = new Set() // put a table of your database there, with the ids of the last 30 days

  // Parley attempts an event again that fails here, and a replay may bring it weeks later: always with the same id.
  async function takeOnce(id, event) {
    if (taken.has(id)) return
    taken.add(id)
    if (taken.size > REMEMBERED) taken.delete(taken.values().next().value)
    try {
      await take(event)
    } catch (error) {
      taken.delete(id)
      throw error
    }
  }

  async function answer(request, response) {
    const event = verified(webhooks, request)
    if (event === undefined) return response.status(400).json({ detail: 'The signature is not valid.' })
    await takeOnce(request.get('webhook-id'), event)
    response.status(204).end()
  }

  return [express.raw({ type: () => true, limit: MAX_BODY }), answer]
}

// Returns the event of a request; undefined if no secret has signed it within five minutes of now.
function verified(webhooks, request) {
  for (const webhook of webhooks) {
    try {
      return webhook.verify(request.body ?? Buffer.alloc(0), request.headers)
    } catch (error) {
      if (!(error instanceof WebhookVerificationError)) throw error
    }
  }
  return undefined
}
