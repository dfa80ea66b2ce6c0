/**
 * One large object in parts, some of them on their way at a time. It appears when it is completed; whoever gives up aborts,
 * or its parts are paid for until a rule of the bucket removes them.
 */
import type { OpenS3 } from './client.ts'
import { isMissing, wasFirstTry } from './failure.ts'

export interface Condition {
  readonly IfNoneMatch?: '*'
  readonly IfMatch?: string
}

export class Multipart {
  readonly #s3: OpenS3
  readonly #object: { readonly Bucket: string; readonly Key: string }
  readonly #metadata: Readonly<Record<string, string>>
  readonly #parallel: number
  #upload: Promise<string> | undefined
  #parts = 0
  readonly #sent: { PartNumber: number; ETag: string | undefined }[] = []
  readonly #sending = new Set<Promise<void>>()
  #failure: unknown

  constructor(
    s3: OpenS3,
    object: { readonly Bucket: string; readonly Key: string },
    metadata: Readonly<Record<string, string>>,
    parallel: number,
  ) {
    this.#s3 = s3
    this.#object = object
    this.#metadata = metadata
    this.#parallel = parallel
  }

  /** Whether a part was added: without one there is nothing to complete. */
  get begun(): boolean {
    return this.#upload !== undefined
  }

  /** Sends a part; waits only while as many as allowed are on their way. The bytes must not change until it is complete. */
  async add(pieces: readonly Uint8Array[]): Promise<void> {
    const id = await this.#begin()
    while (this.#sending.size >= this.#parallel) await Promise.race(this.#sending)
    if (this.#failure !== undefined) throw this.#failure
    const PartNumber = ++this.#parts
    const sending = this.#send(id, PartNumber, Buffer.concat(pieces))
      .catch((error: unknown) => {
        this.#failure ??= error
      })
      .finally(() => this.#sending.delete(sending))
    this.#sending.add(sending)
  }

  async complete(condition: Condition): Promise<void> {
    await Promise.all(this.#sending)
    if (this.#failure !== undefined) throw this.#failure
    const { sdk, client } = this.#s3
    const Parts = this.#sent.sort((a, b) => a.PartNumber - b.PartNumber)
    const UploadId = await this.#begin()
    try {
      await client.send(
        new sdk.CompleteMultipartUploadCommand({ ...this.#object, UploadId, MultipartUpload: { Parts }, ...condition }),
      )
    } catch (error) {
      // The upload is gone, perhaps because a first try completed it and its answer was lost.
      if (!isMissing(error) || wasFirstTry(error) || !(await this.#stands())) throw error
    }
    this.#upload = undefined
  }

  /** The object is there, and of this upload. */
  async #stands(): Promise<boolean> {
    const { sdk, client } = this.#s3
    const { Metadata = {} } = await client.send(new sdk.HeadObjectCommand(this.#object))
    return Object.entries(this.#metadata).every(([name, value]) => Metadata[name] === value)
  }

  /** Lets go of the parts; nothing when there are none, or after `complete`. A failure leaves them to the bucket's rules. */
  async abort(): Promise<void> {
    if (this.#upload === undefined) return
    const UploadId = await this.#upload.catch(() => undefined)
    this.#upload = undefined
    await Promise.all(this.#sending)
    if (UploadId === undefined) return
    const { sdk, client } = this.#s3
    const aborted = client.send(new sdk.AbortMultipartUploadCommand({ ...this.#object, UploadId }))
    await aborted.then(
      () => undefined,
      () => undefined,
    )
  }

  #begin(): Promise<string> {
    this.#upload ??= this.#create()
    return this.#upload
  }

  async #create(): Promise<string> {
    const { sdk, client } = this.#s3
    const Metadata = { ...this.#metadata }
    const { UploadId } = await client.send(new sdk.CreateMultipartUploadCommand({ ...this.#object, Metadata }))
    if (UploadId === undefined) throw new Error('the service began an upload without an id')
    return UploadId
  }

  async #send(UploadId: string, PartNumber: number, Body: Buffer): Promise<void> {
    const { sdk, client } = this.#s3
    const command = new sdk.UploadPartCommand({
      ...this.#object,
      UploadId,
      PartNumber,
      Body,
      ContentLength: Body.length,
    })
    const { ETag } = await client.send(command)
    this.#sent.push({ PartNumber, ETag })
  }
}
