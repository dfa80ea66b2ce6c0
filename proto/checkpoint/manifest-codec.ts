/** The bytes of a manifest: an envelope (envelope.ts) around JSON. What is decoded has exactly the shapes that manifest.ts says. Pure. */
import { decodeEnvelope, encodeEnvelope, envelopeMagic } from './envelope.ts'
import { type Manifest, manifestVersion } from './manifest.ts'
import { checkManifest } from './manifest-shape.ts'

export function encodeManifest(manifest: Manifest): Uint8Array {
  return encodeEnvelope(envelopeMagic.manifest, manifestVersion, manifest)
}

/** `where` names the manifest in errors. Throws CHECKPOINT_* errors for bytes that are no manifest of a known version. */
export function decodeManifest(bytes: Uint8Array, where: string): Manifest {
  return checkManifest(decodeEnvelope(bytes, envelopeMagic.manifest, manifestVersion, where), where)
}
