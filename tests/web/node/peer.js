import assert from "node:assert/strict";

/** An RTCPeerConnection as far as signals go: descriptions are counted, candidates are kept. */
export class Peer {
  /** @type {Peer[]} */
  static made = [];
  /** @type {any} */ localDescription = null;
  /** @type {any} */ remoteDescription = null;
  /** @type {any[]} */ candidates = [];
  signalingState = "stable";
  connectionState = "new";
  /** @type {any} */ onicecandidate;
  /** @type {any} */ onnegotiationneeded;
  /** @type {any} */ onconnectionstatechange;
  /** @type {any[]} */ transceivers = [];
  isClosed = false;
  restarts = 0;
  offers = 0;

  /** @param {any} config */
  constructor(config) {
    this.config = config;
    Peer.made.push(this);
  }
  addTransceiver() {}
  /** @param {any} track */
  addTrack(track) {
    const sender = {
      track,
      replaceTrack: async (/** @type {any} */ other) => {
        sender.track = other;
      },
      setStreams() {},
    };
    this.transceivers.push({ sender, receiver: { track: { kind: track.kind } }, direction: "sendrecv" });
    queueMicrotask(() => this.onnegotiationneeded?.());
  }
  getTransceivers() {
    return this.transceivers;
  }
  async createOffer() {
    return { type: "offer", sdp: `offer ${++this.offers}` };
  }
  async createAnswer() {
    return { type: "answer", sdp: `answer to ${this.remoteDescription.sdp}` };
  }
  /** @param {any} description */
  async setLocalDescription(description) {
    this.localDescription = description;
    this.signalingState = description.type === "offer" ? "have-local-offer" : "stable";
  }
  /** @param {any} description */
  async setRemoteDescription(description) {
    this.remoteDescription = description;
    this.signalingState = description.type === "offer" ? "have-remote-offer" : "stable";
  }
  /** @param {any} candidate */
  async addIceCandidate(candidate) {
    assert.ok(this.remoteDescription, "a candidate comes after the description");
    this.candidates.push(candidate.candidate);
  }
  restartIce() {
    this.restarts++;
  }
  close() {
    this.isClosed = true;
  }
}
