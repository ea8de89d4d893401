export function fileFromZip(zip: Buffer, wanted: (name: string) => boolean): Buffer;
export function fileFromTarGz(archive: Buffer, wanted: (name: string) => boolean): Buffer;
