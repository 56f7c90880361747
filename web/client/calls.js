/**
 * Voice and video between two people: the signals of docs/guides/clients.md#calls, and the RTCPeerConnection that they are about. It asks for no microphone and
 * draws nothing: whoever starts or answers a call brings the MediaStream.
 */
import { Emitter } from "./emitter.js";
import { ParleyError } from "./errors.js";

/** @typedef {import("./wire.d.ts").components["schemas"]} Wire */
/** @typedef {Wire["CallStatus"]} CallStatus */
/** @typedef {Wire["Media"]} Media */
/** @typedef {Pick<Wire["CallSignal"], "conversation_id" | "call_id" | "signal" | "from_user_id" | "media" | "payload" | "reason" | "rings_until">} CallSignal */
/**
 * `calling`: offered; `ringing`: a device of the other person rings; `incoming`: this device rings; `connecting`: being answered here.
 *
 * @typedef {"calling" | "ringing" | "incoming" | "connecting" | "active" | "ended"} CallPhase
 */
/**
 * @typedef {object} CallsOptions
 * @property {string} userId
 * @property {(action: "call_signal", data: any) => Promise<CallStatus>} request
 * @property {(method: string, path: string, options?: {body?: any}) => Promise<any>} rest
 * @property {() => {call_ring_s?: number, call_offer_resend_s?: number}} [timers] of `hello`
 * @property {() => number} [now] the server's clock, in ms
 * @property {typeof globalThis.RTCPeerConnection} [RTCPeerConnection]
 * @property {(run: () => void, ms: number) => any} [setTimeout]
 * @property {(timer: any) => void} [clearTimeout]
 * @property {() => string} [newId]
 */

/** Refusals after which there is no call any more. */
const OVER = ["call_not_found", "call_over", "answered_elsewhere", "too_many_signals"];
const TRIES = 5;
const RING_S = 45;
const RESEND_S = 5;
/** Calls that are over: a late signal does not bring one back. */
const REMEMBERED = 50;

/** One call, as this device takes part in it. Read its fields; the manager's `change` says when they changed. */
export class Call {
  /** @type {CallPhase} */
  state;
  /** Why it ended. @type {Wire["CallReason"] | null} */
  reason = null;
  /** What this device could not do, if that ended the call. @type {unknown} */
  error = null;
  /** When it stops ringing, in ms of the server's clock. @type {number | null} */
  ringsUntil = null;
  /** When it was answered, in ms of the server's clock. @type {number | null} */
  answeredAt = null;
  /** @type {RTCPeerConnection | null} */
  peer = null;
  /** What the other person sends. @type {MediaStream | null} */
  remote = null;
  #options;
  #tell;
  /** Signals go one after the other: "wait for each `ack` before the next signal". @type {Promise<unknown>} */
  #queue = Promise.resolve();
  /** The newest offer of the other side. @type {RTCSessionDescriptionInit | null} */
  #offer = null;
  /** Candidates that came before the description that they belong to. @type {Set<string>} */
  #early = new Set();
  /** @type {Set<any>} */
  #timers = new Set();
  #isOffering = false;
  /** Whether the first offer and answer have left something out: a picture of the callee's in a call that began with voice alone. */
  #isPartial = false;
  /** The connection that took part until now, while the server does not know the next one. @type {string | null} */
  #previous = null;

  /**
   * @param {CallsOptions} options
   * @param {(call: Call) => void} tell
   * @param {{id: string, conversationId: string, userId: string | null, media: Media, isOutgoing: boolean}} call
   */
  constructor(options, tell, { id, conversationId, userId, media, isOutgoing }) {
    this.#options = options;
    this.#tell = tell;
    this.id = id;
    this.conversationId = conversationId;
    /** The other person; null until they are known, of a call that this device started. */
    this.userId = userId;
    this.media = media;
    this.isOutgoing = isOutgoing;
    this.state = isOutgoing ? "calling" : "incoming";
  }

  /** Whether this device sends and hears, or is about to. */
  get isHere() {
    return this.state !== "ended" && (this.isOutgoing || this.state !== "incoming");
  }

  // --- What the user does ------------------------------------------------------------------------------------------------

  /** Offers the call; rejects if it is refused. @param {MediaStream | null} stream */
  async offer(stream) {
    const { call_ring_s = RING_S, call_offer_resend_s = RESEND_S } = this.#options.timers?.() ?? {};
    try {
      const peer = await this.#open(stream);
      if (!peer) return;
      await peer.setLocalDescription(await peer.createOffer());
      this.#isPartial = false;
      const status = await this.#send("offer", this.#described);
      if (this.state === "ended") return;
      this.ringsUntil = Date.parse(status?.rings_until ?? "") || this.#now() + 1000 * call_ring_s;
      this.#after(this.ringsUntil - this.#now(), () => this.#isRinging && this.hangUp());
      const resend = () => {
        if (!this.#isRinging) return;
        this.#send("offer", this.#described).catch(() => {});
        this.#after(1000 * call_offer_resend_s, resend);
      };
      this.#after(1000 * call_offer_resend_s, resend);
      this.#tell(this);
    } catch (error) {
      this.end("failed", error);
      throw error;
    }
  }

  /** Answers; rejects if that is refused, because another device was faster, say. @param {MediaStream | null} [stream] */
  async answer(stream = null) {
    if (this.state !== "incoming") return;
    this.#become("connecting");
    try {
      const peer = await this.#open(stream);
      if (!peer) return;
      await this.#takeDescription(/** @type {RTCSessionDescriptionInit} */ (this.#offer));
      this.#isPartial = false;
      await peer.setLocalDescription(await peer.createAnswer());
      await this.#send("answer", this.#answered);
      this.#begin();
    } catch (error) {
      if (/** @type {CallPhase} */ (this.state) !== "ended") this.#send("hang_up").catch(() => {});
      this.end("failed", error);
      throw error;
    }
  }

  /** Ends the call; before an answer it is declined, or given up. */
  async hangUp() {
    if (this.state === "ended") return;
    const reason = this.answeredAt !== null ? "hung_up" : this.isOutgoing ? "missed" : "declined";
    // A call that is spoken waits for no ack: the page may be about to go.
    const hungUp = this.answeredAt === null ? this.#send("hang_up") : this.#deliver("hang_up", () => ({}), 1);
    this.end(reason);
    await hungUp.catch(() => {});
  }

  /**
   * Sends another stream from now on: a picture, a screen. Of each kind one track is sent, the stream's first.
   *
   * @param {MediaStream | null} stream
   * @param {Media} [media]
   */
  async send(stream, media = stream?.getVideoTracks().length ? "video" : "audio") {
    const { peer } = this;
    if (!peer) return;
    this.media = media;
    for (const kind of ["audio", "video"]) {
      const track = stream?.getTracks().find((one) => one.kind === kind) ?? null;
      // The place of a track that was sent before, or that only the other side uses: a new one each time would be a longer description each time.
      const place = peer.getTransceivers().find((one) => one.receiver.track.kind === kind);
      if (!place && track) peer.addTrack(track, /** @type {MediaStream} */ (stream));
      if (!place || place.sender.track === track) continue;
      await place.sender.replaceTrack(track);
      if (track) place.sender.setStreams(/** @type {MediaStream} */ (stream));
      place.direction = track ? "sendrecv" : "recvonly";
    }
    this.#tell(this);
  }

  // --- What comes --------------------------------------------------------------------------------------------------------

  /** @param {CallSignal} signal */
  async hear({ signal, payload, media, reason, rings_until }) {
    if (this.state === "ended") return;
    if (signal === "hang_up") this.end(reason ?? "hung_up");
    else if (signal === "ringing" && this.state === "calling") this.#become("ringing");
    else if (signal === "candidate") await this.#takeCandidate(payload);
    else if (signal === "answer") await this.#takeAnswer(payload);
    else if (signal === "offer") await this.#takeOffer(payload, media, rings_until);
  }

  /** Takes what an ack says of the call, also one that another tab has asked for. @param {CallStatus} status */
  take(status) {
    this.userId ??= status.caller_id === this.#options.userId ? status.callee_id : status.caller_id;
    if (status.state === "ended") this.end(status.reason ?? "hung_up");
  }

  /** "After a reconnection, say `resume`"; if the network has changed, ICE starts again. @param {string} previousConnectionId */
  async resume(previousConnectionId) {
    if (!this.isHere || !this.peer) return;
    this.#previous ??= previousConnectionId;
    await this.#send("resume").catch(() => {});
    const { connectionState } = this.peer;
    if (connectionState === "disconnected" || connectionState === "failed") this.peer.restartIce();
    // An offer that got lost with the connection would keep all later ones from being made.
    else if (this.state === "active" && this.peer.signalingState === "have-local-offer")
      await this.#send("offer", this.#described).catch(() => {}); // the next resume tries again
  }

  /** Ends the call here. @param {Wire["CallReason"]} reason @param {unknown} [error] */
  end(reason, error = null) {
    if (this.state === "ended") return;
    for (const timer of this.#timers) (this.#options.clearTimeout ?? clearTimeout)(timer);
    this.reason = reason;
    this.error = error;
    this.peer?.close();
    this.#become("ended");
  }

  /** @param {string | null} payload @param {Media} media @param {string | null} ringsUntil */
  async #takeOffer(payload, media, ringsUntil) {
    const offer = parsed(payload);
    if (!offer) return;
    this.media = media;
    if (this.state === "incoming") {
      const isFirst = !this.#offer;
      this.#offer = offer;
      if (!isFirst) return;
      this.ringsUntil = Date.parse(ringsUntil ?? "") || this.#now() + 1000 * RING_S;
      this.#after(this.ringsUntil - this.#now(), () => this.state === "incoming" && this.end("missed"));
      await this.#send("ringing").catch(() => {});
    } else if (this.peer && !ringsUntil) {
      // Both changed what they send at once: the caller's offer stands.
      const isGlare = this.#isOffering || this.peer.signalingState !== "stable";
      if (isGlare && this.isOutgoing) return;
      await this.#takeDescription(offer);
      await this.peer.setLocalDescription(await this.peer.createAnswer());
      await this.#send("answer", this.#answered).catch(() => {});
      this.#tell(this);
    }
  }

  /** @param {string | null} payload */
  async #takeAnswer(payload) {
    const answer = parsed(payload);
    if (!answer || this.peer?.signalingState !== "have-local-offer") return;
    await this.#takeDescription(answer);
    this.#begin();
  }

  /** @param {string | null} payload */
  async #takeCandidate(payload) {
    const candidate = parsed(payload);
    if (!candidate) return;
    if (this.peer?.remoteDescription) await this.peer.addIceCandidate(candidate).catch(() => {});
    else this.#early.add(String(payload));
  }

  // --- Within ------------------------------------------------------------------------------------------------------------

  get #isRinging() {
    return this.state === "calling" || this.state === "ringing";
  }

  /** The description as it is now, with the candidates that were found by now. */
  #answered = () => ({ payload: JSON.stringify(this.peer?.localDescription) });
  #described = () => ({ media: this.media, ...this.#answered() });

  #now() {
    return (this.#options.now ?? Date.now)();
  }

  /** @param {number} ms @param {() => void} run */
  #after(ms, run) {
    const { setTimeout = globalThis.setTimeout } = this.#options;
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        run();
      },
      Math.max(0, ms),
    );
    this.#timers.add(timer);
  }

  /** @param {CallPhase} state */
  #become(state) {
    this.state = state;
    this.#tell(this);
  }

  #begin() {
    if (this.state === "ended") return;
    this.answeredAt ??= this.#now();
    this.#become("active");
    if (this.#isPartial && this.peer) this.#renegotiate(this.peer).catch(() => {});
    this.#isPartial = false;
  }

  /** @param {MediaStream | null} stream */
  async #open(stream) {
    const { rest, RTCPeerConnection = globalThis.RTCPeerConnection } = this.#options;
    const body = { conversation_id: this.conversationId };
    const { ice_servers } = await rest("POST", "/turn-credentials", { body });
    if (this.state === "ended") return null; // hung up meanwhile
    const peer = new RTCPeerConnection({ iceServers: ice_servers });
    this.peer = peer;
    if (stream) for (const track of stream.getTracks()) peer.addTrack(track, stream);
    else if (this.isOutgoing) peer.addTransceiver("audio", { direction: "recvonly" });
    peer.onicecandidate = ({ candidate }) => {
      if (candidate) this.#send("candidate", () => ({ payload: JSON.stringify(candidate) })).catch(() => {});
    };
    peer.ontrack = ({ streams, track }) => {
      this.remote = streams[0] ?? new MediaStream([...(this.remote?.getTracks() ?? []), track]);
      this.#tell(this);
    };
    peer.onconnectionstatechange = () => {
      if (peer.connectionState === "failed") peer.restartIce();
      this.#tell(this);
    };
    peer.onnegotiationneeded = () => {
      if (this.state === "active") this.#renegotiate(peer).catch(() => {});
      else this.#isPartial = true;
    };
    return peer;
  }

  /** @param {RTCPeerConnection} peer */
  async #renegotiate(peer) {
    this.#isOffering = true;
    try {
      await peer.setLocalDescription(await peer.createOffer());
      await this.#send("offer", this.#described);
    } finally {
      this.#isOffering = false;
    }
  }

  /** @param {RTCSessionDescriptionInit} description */
  async #takeDescription(description) {
    await this.peer?.setRemoteDescription(description);
    const early = [...this.#early];
    this.#early.clear();
    for (const one of early) await this.#takeCandidate(one);
  }

  /** @param {Wire["Signal"]} signal @param {() => Record<string, any>} [more] what goes along, as of the moment at which it goes */
  #send(signal, more = () => ({})) {
    const sent = this.#queue.then(() => this.#deliver(signal, more, 1));
    this.#queue = sent.catch(() => {});
    return sent;
  }

  /** @param {Wire["Signal"]} signal @param {() => Record<string, any>} more @param {number} number @returns {Promise<CallStatus | null>} */
  async #deliver(signal, more, number) {
    if (this.state === "ended" && signal !== "hang_up") return null;
    const call = { conversation_id: this.conversationId, call_id: this.id };
    const { request } = this.#options;
    try {
      if (this.#previous) {
        // First of all: from another connection the server takes nothing else.
        this.take(await request("call_signal", { ...call, signal: "resume", previous_connection_id: this.#previous }));
        this.#previous = null;
      }
      if (signal === "resume" || (this.state === "ended" && signal !== "hang_up")) return null;
      const status = await request("call_signal", { ...call, signal, ...more() });
      this.take(status);
      return status;
    } catch (error) {
      if (!(error instanceof ParleyError)) throw error;
      if (OVER.includes(error.code)) {
        // The other side was a moment faster to end it: that is no failure.
        const ended = this.answeredAt !== null ? "hung_up" : this.isOutgoing ? "failed" : "missed";
        const reason = error.code === "call_over" ? ended : "failed";
        this.end(error.code === "answered_elsewhere" ? error.code : reason, error);
        throw error;
      }
      if (!error.mayPass || number >= TRIES) throw error;
      await new Promise((resolve) => this.#wait(error.retryAfterMs ?? 1000, resolve));
      return this.#deliver(signal, more, number + 1);
    }
  }

  /** Waits also if the call ends meanwhile. @param {number} ms @param {(value: unknown) => void} run */
  #wait(ms, run) {
    (this.#options.setTimeout ?? setTimeout)(() => run(undefined), ms);
  }
}

/**
 * The calls of this device. Events: `call` (one rings here), `change` (any field of one), `end`.
 *
 * @extends {Emitter<{call: Call, change: Call, end: Call}>}
 */
export class CallManager extends Emitter {
  /** @type {Map<string, Call>} */
  #calls = new Map();
  /** @type {Set<string>} */
  #over = new Set();
  #options;

  /** @param {CallsOptions} options */
  constructor(options) {
    super();
    this.#options = options;
  }

  /** The call that this device is in, or that rings here; null for none. */
  get current() {
    const calls = [...this.#calls.values()];
    return calls.find((call) => call.isHere) ?? calls[0] ?? null;
  }

  /** The calls that ring or are spoken. */
  get all() {
    return [...this.#calls.values()];
  }

  /**
   * Calls the other person of a direct conversation. Rejects if the call is refused; a person who is busy is no refusal: the call has ended, with that reason.
   *
   * @param {string} conversationId
   * @param {{media?: Media, stream?: MediaStream | null}} [options]
   */
  async start(conversationId, { media = "audio", stream = null } = {}) {
    const id = (this.#options.newId ?? (() => crypto.randomUUID()))();
    const call = this.#add({ id, conversationId, userId: null, media, isOutgoing: true });
    this.emit("change", call);
    await call.offer(stream);
    return call;
  }

  /** Takes the event `call_signal`. @param {CallSignal} data @returns {Promise<void>} */
  async hear(data) {
    const { call_id: id, conversation_id: conversationId, signal, from_user_id: userId, media } = data;
    let call = this.#calls.get(id);
    if (!call && signal === "offer" && data.rings_until && parsed(data.payload) && !this.#over.has(id)) {
      call = this.#add({ id, conversationId, userId, media, isOutgoing: false });
      const heard = call.hear(data);
      this.emit("call", call);
      return heard;
    }
    await call?.hear(data);
  }

  /** Takes the ack of a signal that another tab has sent: the call that rings here may be answered, or over, there. @param {{signal?: string}} request @param {CallStatus} status */
  hearAck(request, status) {
    const call = this.#calls.get(status?.call_id);
    if (!call || call.isHere) return;
    if (request?.signal === "answer") call.end("answered_elsewhere");
    else call.take(status);
  }

  /** A new connection has taken the place of another. @param {string} previousConnectionId */
  async reconnected(previousConnectionId) {
    await Promise.all(this.all.map((call) => call.resume(previousConnectionId)));
  }

  /** Hangs up in conversations in which the user may not call any more: a block came, say. @param {(conversationId: string) => boolean} mayCall */
  check(mayCall) {
    for (const call of this.all) if (!mayCall(call.conversationId)) call.hangUp();
  }

  /** @param {ConstructorParameters<typeof Call>[2]} fields */
  #add(fields) {
    const call = new Call(this.#options, (changed) => this.#changed(changed), fields);
    this.#calls.set(call.id, call);
    return call;
  }

  /** @param {Call} call */
  #changed(call) {
    const isOver = call.state === "ended" && this.#calls.delete(call.id);
    if (isOver) this.#over.add(call.id);
    for (const id of this.#over) if (this.#over.size > REMEMBERED) this.#over.delete(id);
    this.emit("change", call);
    if (isOver) this.emit("end", call);
  }
}

/** @param {string | null} payload @returns {any} null for what is no JSON: another kind of client sent it */
function parsed(payload) {
  try {
    const value = JSON.parse(payload ?? "null");
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

/**
 * The calls of a client: it hears its signals, and takes calls up again after a reconnection.
 *
 * @param {import("./client.js").Client} client
 * @param {CallsOptions["rest"]} rest
 */
export function callsOf(client, rest) {
  const calls = new CallManager({
    userId: client.userId ?? "",
    request: (action, data) => client.request(action, data),
    rest,
    timers: () => client.state.hello ?? {},
    now: () => client.now(),
  });
  client.on("event", ({ event, data }) => {
    if (event === "call_signal") void calls.hear(data);
  });
  client.on("change", ({ conversations }) => {
    const mayCall = (/** @type {string} */ id) =>
      client.replica?.conversation(id)?.capabilities.includes("call") ?? false;
    calls.check((id) => !conversations.has(id) || mayCall(id));
  });
  let last = client.state.hello?.connection_id ?? null;
  client.on("state", ({ status, hello }) => {
    if (status !== "online" || !hello || hello.connection_id === last) return;
    if (last !== null) void calls.reconnected(last);
    last = hello.connection_id;
  });
  return calls;
}
