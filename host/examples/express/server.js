// A school's server with Express. It has users of its own, and Parley for their conversations.
// Run it with `PARLEY_URL=… PARLEY_SECRET=… PARLEY_WEBHOOK_SECRETS=… PORT=8000 node server.js`.
// Users are kept in memory; put your database there.
import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto'
import express from 'express'
import { Parley, ParleyError } from './parley.js'
import { receiver } from './webhooks.js'

const { PARLEY_URL, PARLEY_SECRET, PARLEY_WEBHOOK_SECRETS = '', PORT = '8000' } = process.env
const parley = new Parley(PARLEY_URL, PARLEY_SECRET)
const app = express()

// Parley tells this server what happens, if a webhook names the route. Two secrets while one takes the other's place.
app.post('/parley', receiver(PARLEY_WEBHOOK_SECRETS.split(' ').filter(Boolean), countMessage))
app.use(express.json())

// Users, and how they sign in: your application has this already.

const users = new Map()

function hashed(password, salt) {
  return scryptSync(password, salt, 32)
}

// HTTP Basic keeps the example short: your sessions, or any other sign-in, come here.
function signedIn(request, response, next) {
  const given = Buffer.from((request.get('Authorization') ?? '').replace(/^Basic /, ''), 'base64').toString()
  const [userId, password] = [given.slice(0, given.indexOf(':')), given.slice(given.indexOf(':') + 1)]
  const user = users.get(userId)
  if (!user || !timingSafeEqual(user.password, hashed(password, user.salt))) {
    return response.set('WWW-Authenticate', 'Basic').status(401).json({ detail: 'Sign in.' })
  }
  request.user = user
  next()
}

// The places where this server talks to Parley.

app.post('/sign-up', async (request, response) => {
  const { user_id: userId, name, password, role, class_id: classId } = request.body
  // The id of this server is none of these, so that no user can lock it out.
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(userId)) return response.status(422).json({ detail: 'Choose another name.' })
  if (users.has(userId)) return response.status(409).json({ detail: 'This name is taken.' })
  const salt = randomBytes(16)
  // In a real school, the office gives roles.
  const user = { userId, name, role: role === 'teacher' ? role : 'student', classId, salt, password: hashed(password, salt) }
  users.set(userId, user)
  await put(user)
  response.status(201).json({ user_id: userId })
})

// Gives the browser its token for Parley. It asks again before the token's hour is over.
app.post('/chat-token', signedIn, (request, response) => {
  response.json({ token: parley.userToken(request.user.userId), url: PARLEY_URL })
})

// Of each user how many messages they have written, as the webhook tells.
const written = new Map()

function countMessage(event) {
  const userId = event.data.user_id
  if (event.type === 'message.created') written.set(userId, (written.get(userId) ?? 0) + 1)
}

app.get('/me', signedIn, (request, response) => {
  const { userId, name } = request.user
  response.json({ user_id: userId, name, messages: written.get(userId) ?? 0 })
})

app.patch('/me', signedIn, async (request, response) => {
  const { user } = request
  user.name = request.body.name ?? user.name
  user.classId = request.body.class_id ?? user.classId
  await put(user)
  response.json({})
})

// A student buys a lesson, and their conversation with the teacher is open. A repeat writes nothing twice.
app.post('/purchases', signedIn, async (request, response) => {
  const { booking_id: bookingId, teacher_id: teacherId } = request.body
  const message = await parley.sendMessageToUser({
    user_ids: [request.user.userId, teacherId],
    context: { type: 'booking', id: bookingId },
    sender_id: '~parley.system-host', // or a sender that your policy names
    text: `${request.user.name} has bought a lesson.`,
    client_id: `purchase-${bookingId}`,
  })
  response.status(201).json({ conversation_id: message.conversation_id })
})

app.delete('/me', signedIn, async (request, response) => {
  const { userId } = request.user
  users.delete(userId)
  await parley.signOutUser(userId)
  const erasure = await parley.eraseUser(userId)
  response.status(202).json({ erasure_id: erasure.id })
})

// Tells Parley who a user is. It replaces what was told before, so it may be repeated at any time.
function put({ userId, name, role, classId }) {
  return parley.putUser(userId, { name, role, contexts: { class: [classId] } })
}

// The user is stored here, and Parley may learn it later: a job of yours repeats what may pass.
// Parley refuses the same request again: the mistake is in the form, or in this server.
app.use((error, request, response, next) => {
  if (!(error instanceof ParleyError)) return next(error)
  response.status(error.mayPass ? 503 : 422).json({ detail: error.message })
})

app.listen(Number(PORT), '127.0.0.1')
