import { type CanActivate, type ExecutionContext, Inject, Injectable, SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { type Clock, forbidden } from '@faultline/kernel';
import { KeyRegister, type Permission, permits } from '@faultline/security';
import { type FastifyRequest } from 'fastify';
import { CLOCK } from '../platform/tokens';
import { setPrincipal } from './request-context';

const permissionKey = 'faultline:permission';
const publicKey = 'faultline:public';

/** The right that a route asks for. */
export const Requires = (permission: Permission) => SetMetadata(permissionKey, permission);

/** A route that anybody may ask: health, nothing else. */
export const Public = () => SetMetadata(publicKey, true);

/** Finds out who asks, by the API key in `Authorization: Bearer`, and whether that principal may. */
@Injectable()
export class AuthGuard implements CanActivate {
  constructor(
    @Inject(Reflector) private readonly reflector: Reflector,
    @Inject(KeyRegister) private readonly keys: KeyRegister,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const targets = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean | undefined>(publicKey, targets)) return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const presented = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (presented === undefined) throw forbidden('auth.missing', 'Send an API key as `Authorization: Bearer <key>`');
    const principal = this.keys.find(presented, this.clock.now());
    if (!principal) throw forbidden('auth.unknown-key', 'This API key is unknown, expired or revoked');
    setPrincipal(request, principal);
    const permission = this.reflector.getAllAndOverride<Permission | undefined>(permissionKey, targets);
    if (permission && !permits(principal, permission)) {
      throw forbidden('auth.forbidden', `This needs the permission ${permission}`, { permission });
    }
    return true;
  }
}
